import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Config } from '../../../src/config/schema.ts';
import { readInviteBody } from '../../../src/srs/invite-body.ts';
import { TestHush } from '../../support/hush/hush.ts';
import { RawCall } from '../raw-call.ts';
import { SrsClient, sdpBody, sdpOf } from '../srs-client.ts';

const lines = (count: number): string => 'a=x\r\n'.repeat(count);
const many = (count: number): string => sdpOf(Array.from({ length: count }, () => ({})));

/** What is past a bound, and how it is answered. */
const excessive: [string, string, number, string][] = [
  ['of 10,000 lines', sdpOf([{}]) + lines(10_000), 413, 'More than 1000 lines of SDP'],
  ['of 1,001 lines', sdpOf([{}]) + lines(993), 413, 'More than 1000 lines of SDP'],
  ['of one long line', `${sdpOf([{}])}a=${'x'.repeat(5_000)}\r\n`, 413, 'More than 65536 bytes'],
  ['of 65 m-lines', many(65), 488, 'More than 64 m-lines'],
];

describe('an SDP', () => {
  let hush: TestHush;
  beforeAll(async () => {
    hush = await TestHush.start();
  });
  afterAll(() => hush.remove());

  it.each(excessive)('%s is refused and told why', async (_name, body, status, warning) => {
    const call = await RawCall.open(hush);
    const first = await call.invite({ body });
    expect(first.status).toBe(status);
    expect(first.text).toContain(`Warning: 399 hush "${warning}`);
    call.close();
    const other = await RawCall.open(hush);
    await other.establish([{}]);
    const later = await other.invite({ body });
    expect([later.status, later.text.includes(warning)]).toEqual([status, true]);
    other.ack();
    expect((await other.streams()).map(({ held }) => held)).toEqual([false]);
    await other.request('BYE');
    other.close();
  });

  it('within the bounds is recorded', async () => {
    const call = await RawCall.open(hush);
    const answer = await call.invite({ body: sdpOf([{}]) + lines(990) });
    expect(answer.status).toBe(200);
    call.ack();
    await call.request('BYE');
    call.close();
  });

  it('counts in full when it comes in parts', () => {
    const sdp = `${sdpOf([{}])}a=${'x'.repeat(4_000)}\r\n`.repeat(1);
    const big = sdp + `a=${'y'.repeat(4_000)}\r\n`.repeat(14);
    const part = `--b\r\nContent-Type: application/sdp\r\n\r\n${big}\r\n`;
    const read = (count: number) =>
      readInviteBody({
        ...{ method: 'INVITE', requestUri: 'sip:a@b' },
        headers: [{ name: 'Content-Type', value: 'multipart/mixed;boundary=b' }],
        body: Buffer.from(`${part.repeat(count)}--b--\r\n`),
      });
    // Two are read; what would be the third is not, and the second stands.
    expect(read(5).offer?.media).toHaveLength(1);
  });

  it('is limited across many compressed parts', () => {
    const bomb = gzipSync(Buffer.alloc(900_000, 'x'));
    const head = '--b\r\nContent-Type: text/plain\r\nContent-Encoding: gzip\r\n\r\n';
    const parts = Array.from({ length: 32 }, () => [Buffer.from(head), bomb, Buffer.from('\r\n')]);
    const body = Buffer.concat([...parts.flat(), Buffer.from('--b--\r\n')]);
    const rounds = Array.from({ length: 10 }, () => {
      const begun = performance.now();
      readInviteBody({
        ...{ method: 'INVITE', requestUri: 'sip:a@b', body },
        headers: [{ name: 'Content-Type', value: 'multipart/mixed;boundary=b' }],
      });
      return performance.now() - begun;
    });
    // All 32 of them would be 29 MB. The fastest round is the one that nothing else disturbed.
    expect(Math.min(...rounds)).toBeLessThan(50);
  });
});

describe('the traffic of an address', () => {
  it('counts by its size, in new calls and within dialogs', async () => {
    const sip = (config: Config) => ({ ...config.sip, invitesPerSecondPerAddress: 4 });
    const hush = await TestHush.start({ config: (config) => ({ ...config, sip: sip(config) }) });
    const client = await SrsClient.open(hush);
    const small = sdpBody(sdpOf([{}]));
    const session = await client.invite({ body: small });
    // Eight at once, of which one is spent.
    const large = sdpBody(sdpOf([{}]) + `a=${'x'.repeat(4_000)}\r\n`.repeat(7));
    expect((await client.invite({ body: small })).response.statusCode).toBe(200);
    expect(await client.refusal({ body: large })).toBe(503);
    // Within the dialog there is room of its own.
    expect((await session.dialog.invite(large)).statusCode).toBe(200);
    expect((await session.dialog.invite(large)).statusCode).toBe(500);
    await client.close();
    await hush.remove();
  });
});
