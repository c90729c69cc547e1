import { once } from 'node:events';
import { createServer, type ServerResponse } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { expect, test } from 'vitest';
import { whenClosed } from '../../../src/http/request/when-closed.ts';

/** Returns the response to a request whose client then leaves. */
async function abandoned(): Promise<{ response: ServerResponse; leave: () => void }> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  client.write('GET / HTTP/1.1\r\nHost: localhost\r\n\r\n');
  const [, response] = await once(server, 'request');
  server.close();
  return { response, leave: () => client.destroy() };
}

test('whenClosed reports a response that closes', async () => {
  const { response, leave } = await abandoned();
  const told = new Promise<void>((resolve) => whenClosed(response, resolve));
  leave();
  await told;
});

test('whenClosed reports a response closed before, but not at once', async () => {
  const { response, leave } = await abandoned();
  leave();
  await once(response, 'close');
  let isTold = false;
  const told = new Promise<void>((resolve) =>
    whenClosed(response, () => {
      isTold = true;
      resolve();
    }),
  );
  expect(isTold).toBe(false);
  await told;
});
