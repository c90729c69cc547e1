import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { recordingOf } from '../../support/api.ts';
import { TestCaller } from '../../support/calls.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { HushProcess } from '../../support/hush/hush-process.ts';

const CLIENTS = 20;

test('clients that leave before their answer do not prevent Hush from stopping', async () => {
  const dataDir = temporaryFolder();
  const hush = await HushProcess.start({ dataDir, environment: { HUSH_LOG_LEVEL: 'silent' } });
  const caller = await TestCaller.open();
  const call = await caller.call(hush);
  await call.frames(5);
  await call.call.end();
  const { id } = await recordingOf(hush.api, call.correlationId);
  const live = await caller.call(hush);
  const paths = [
    ...['/api/events', '/attendantservice/signalr/connect?transport=serverSentEvents'],
    ...[`/api/recordings/${id}/audio`, `/api/recordings/${id}/audio?format=opus`],
    ...[`/api/recordings/${id}/vcon`, `/api/calls/${live.correlationId}/audio`],
  ];
  const { port } = new URL(hush.api);
  const gone = paths.flatMap((path) =>
    Array.from({ length: CLIENTS }, async () => {
      const socket = connect(Number(port), '127.0.0.1');
      socket.write(`GET ${path} HTTP/1.1\r\nHost: localhost:${port}\r\n\r\n`, () =>
        socket.destroy(),
      );
      await once(socket, 'close');
    }),
  );
  await Promise.all(gone);
  await live.call.end();
  await caller.close();
  expect(await hush.end('SIGTERM')).toBe(0);
  rmSync(dataDir, { recursive: true, force: true });
});
