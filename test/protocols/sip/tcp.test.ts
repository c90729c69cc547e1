import { connect } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { type RawFields, rawRequest } from './raw-peer.ts';
import { callTo, closeAll, HOST, LIMITS, startAgent, type TestAgent } from './support.ts';

afterEach(closeAll);

describe('over TCP', () => {
  it('answers over the same connection, pings too, and closes on a broken stream', async () => {
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
    socket.write('OPTIONS sip:a@b SIP/2.0\r\nContent-Length: x\r\n\r\n');
    await closed;
    expect(server.dropped).toEqual(['malformed']);
  });

  /** What is answered to bytes until the connection ends or `until` is there. */
  async function exchange(server: TestAgent, bytes: string, until?: RegExp): Promise<string> {
    const socket = connect(server.ua.tcpPort ?? 0, HOST).setEncoding('utf8');
    let text = '';
    const over = new Promise((resolve) => {
      socket.on('data', (chunk: string) => {
        text += chunk;
        if (until?.test(text)) resolve(undefined);
      });
      socket.on('close', resolve);
    });
    socket.write(bytes);
    await over;
    socket.destroy();
    return text;
  }

  const ping = (fields: Partial<RawFields> = {}) =>
    rawRequest({ port: 9, transport: 'TCP', ...fields });
  const lengthless = (fields: Partial<RawFields> = {}) =>
    ping(fields).replace(/Content-Length: \d+\r\n(?=\r\n)/, '');

  it('reads a message without Content-Length and body, and the next one after it', async () => {
    const server = await startAgent();
    const bytes =
      lengthless({ callId: 'one' }) + lengthless({ callId: 'two' }) + ping({ callId: 'three' });
    const text = await exchange(server, bytes, /Call-ID: three[\s\S]*\r\n\r\n$/);
    expect(text.match(/^SIP\/2.0 200 /gm)).toHaveLength(3);
    expect(server.dropped).toEqual([]);
  });

  it.each([
    ['of no length', { headers: ['Content-Type: text/plain'] }, 400, 'malformed'],
    ['of no length, compact', { headers: ['c : text/plain'] }, 400, 'malformed'],
    ['of two lengths', { headers: ['l: 3'] }, 400, 'malformed'],
    ['longer than any', { headers: ['Content-Length: 99999999'] }, 513, 'tooLarge'],
  ])('answers a request with a body %s, closes, and reads nothing after it', async (...row) => {
    const [name, fields, status, reason] = row;
    const server = await startAgent();
    const keeps = name === 'of two lengths';
    const message = keeps
      ? ping({ ...fields, body: 'hello' })
      : lengthless({ ...fields, body: 'hello' });
    const text = await exchange(server, message + ping({ callId: 'behind' }));
    expect(text.match(/^SIP\/2.0 \d+/gm)).toEqual([`SIP/2.0 ${status}`]);
    expect(text).not.toContain('behind');
    expect(server.dropped).toEqual([reason]);
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
