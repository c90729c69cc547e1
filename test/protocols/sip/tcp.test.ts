import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { rawRequest } from './raw-peer.ts';
import { callTo, closeAll, HOST, LIMITS, startAgent } from './support.ts';

afterEach(closeAll);

describe('over TCP', () => {
  it('answers by the same connection, pings too, and closes on a broken stream', async () => {
    const server = await startAgent();
    const socket = connect(server.ua.tcpPort ?? 0, HOST);
    let text = '';
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    const closed = new Promise((resolve) => socket.on('close', resolve));
    for (const byte of rawRequest({ port: 9, transport: 'TCP' })) socket.write(byte);
    socket.write('\r\n\r\n');
    await expect.poll(() => text).toMatch(/^SIP\/2.0 200 [\s\S]*\r\n\r\n\r\n$/);
    socket.write('OPTIONS sip:a@b SIP/2.0\r\n\r\n');
    await closed;
    expect(server.dropped).toEqual(['malformed']);
  });

  it('bounds connections and closes idle ones', async () => {
    const limits = { ...LIMITS, maxTcpConnections: 1, tcpIdleTimeoutMs: 60 };
    const server = await startAgent({ limits });
    const open = () => {
      const socket = connect(server.ua.tcpPort ?? 0, HOST).on('error', () => undefined);
      return new Promise((resolve) => socket.on('close', resolve));
    };
    const first = open();
    await open();
    expect(server.dropped).toEqual(['overload']);
    await first;
  });

  it('calls back over a new connection when the old one is gone', async () => {
    const server = await startAgent();
    const client = await startAgent({ limits: { ...LIMITS, tcpIdleTimeoutMs: 60 } });
    await client.ua.invite(callTo(server.peer('TCP'), client.handler));
    const served = await server.dialogs.take();
    const before = served.peer.port;
    await new Promise((resolve) => setTimeout(resolve, 120));
    await served.bye();
    expect(await client.handler.heard.take()).toBe('bye');
    expect(before).not.toBe(client.ua.tcpPort);
  });
});
