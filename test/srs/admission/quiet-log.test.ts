import { randomBytes } from 'node:crypto';
import pino from 'pino';
import { describe, expect, it } from 'vitest';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { RawPeer, rawRequest } from '../../protocols/sip/raw-peer.ts';
import { SrsFixture } from '../srs-fixture.ts';

/** As many as a socket's queue holds, however slow the machine is at this moment. */
const FLOOD = 120;

describe('the log', () => {
  let lines: string[] = [];
  const fixture = new SrsFixture(() => {
    lines = [];
    const write = (line: string): void => {
      lines.push(line);
    };
    return { overrides: { logger: pino({ level: 'trace' }, { write }) } };
  });

  it('has no line per malformed SIP message: they are counted', async () => {
    const before = lines.length;
    const raw = await RawPeer.open(fixture.hush.peer);
    const rubbish = [
      () => randomBytes(200),
      () => Buffer.from('INVITE sip:x SIP/2.0\r\n\r\n'),
      () =>
        Buffer.from(rawRequest({ port: raw.port, method: 'ACK' }).replace('Call-ID', 'Calling')),
    ];
    for (let count = 0; count < FLOOD; count += 1) raw.send(rubbish[count % 3]?.() ?? '');
    const malformed = () => fixture.metric('hush_sip_dropped_total{reason="malformed"}');
    await expect.poll(malformed, { timeout: 10_000 }).toBe(FLOOD);
    raw.send(rawRequest({ port: raw.port }));
    let answer = await raw.next();
    while (answer.startsWith('SIP/2.0 400')) answer = await raw.next();
    expect(answer).toMatch(/^SIP\/2.0 200 /);
    raw.close();
    expect(lines.slice(before).filter((line) => !line.includes('"req'))).toEqual([]);
  });

  it('has no line per RTP packet: they are counted', async () => {
    const { client } = fixture;
    const session = await client.invite();
    const before = lines.length;
    const [port = 0] = session.ports;
    for (let count = 0; count < FLOOD; count += 1) {
      await client.datagram(port, randomBytes(1 + (count % 300)).fill(0, 0, 1));
      const fields = { payloadType: 77, sequence: count, timestamp: count * 160, ssrc: 1 };
      await client.datagram(port, buildRtp(fields, randomBytes(160)));
    }
    await session.dialog.bye();
    await fixture.hush.event(({ type }) => type === 'recordingSaved');
    const unusable = await fixture.metric('hush_rtp_packets_total{outcome="unusable"}');
    expect(unusable).toBe(2 * FLOOD);
    expect(lines.slice(before).length).toBeLessThan(10);
  });

  it('never shows the digits of SIP INFO or of telephone events', async () => {
    const session = await fixture.client.invite();
    const before = lines.length;
    const digits = '8642097531';
    for (const digit of digits) {
      const content = Buffer.from(`Signal=${digit}\r\nDuration=160\r\nX-Secret: ${digits}\r\n`);
      const body = { contentType: 'application/dtmf-relay', content };
      expect((await session.dialog.request('INFO', body)).statusCode).toBe(200);
    }
    await session.dialog.bye();
    const log = lines.join('');
    expect(log).not.toContain(digits);
    expect(log).not.toMatch(/Signal|dtmf|Duration=/i);
    expect(lines.slice(before).length).toBeLessThan(digits.length);
  });
});
