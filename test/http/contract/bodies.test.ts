import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { agent, ucc } from '../../support/hush/hush.ts';
import { ContractBench, errorText, set, stateText } from './contract-support.ts';

/** Tests bodies of the contract as the previous host read them. */

let bench: ContractBench;
let correlationId: string;

beforeAll(async () => {
  bench = await ContractBench.open();
  correlationId = await bench.call();
});
afterAll(() => bench.close());

const json = (more: object = {}): string =>
  JSON.stringify({
    Action: 'Mark',
    RequesterSipUri: agent,
    UCCName: ucc,
    CorrelationId: correlationId,
    ...more,
  });

async function post(body: Buffer | string, headers: Record<string, string>) {
  const bytes = new Uint8Array(Buffer.from(body));
  const answer = await fetch(bench.hush.api + set, { method: 'POST', headers, body: bytes });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

const be = (text: string): Buffer => Buffer.from(text, 'utf16le').swap16();
const le = (text: string): Buffer => Buffer.from(text, 'utf16le');
const application = 'application/json';

describe('types and charsets of contract bodies', () => {
  test.each<[string, (text: string) => Buffer]>([
    ['text/json', Buffer.from],
    ['Text/JSON; Charset=UTF-8', Buffer.from],
    ['application/vnd.payment+json', Buffer.from],
    [application, (text) => Buffer.from(`\ufeff${text}`)],
    [`${application}; charset="utf-8"`, Buffer.from],
    [`${application};charset=us-ascii`, Buffer.from],
    [`${application}; charset=iso-8859-1`, (text) => Buffer.from(text, 'latin1')],
    [`${application}; charset=utf-16`, le],
    [`${application}; charset=utf-16`, be],
    [`${application}; charset=UTF-16`, (text) => le(`\ufeff${text}`)],
    [`${application}; charset="utf-16"`, (text) => be(`\ufeff${text}`)],
    [`${application}; charset=utf-16le`, le],
    [`${application}; charset=utf-16be`, be],
    [`${application}; charset=utf16`, le],
    [`${application}; charset=utf16`, be],
    [`${application}; charset=UTF16LE`, le],
    [`${application}; charset=ucs-2`, le],
    [`${application}; charset=unicode`, be],
    [`${application}; charset='utf-8'`, Buffer.from],
    [`${application}; charset=`, Buffer.from],
    [`${application}; charset=""`, Buffer.from],
    [`${application}; charset=utf8`, Buffer.from],
    [`${application}; charset=windows-1251`, Buffer.from],
    ['text/json; charset=utf-16le', (text) => le(`\ufeff${text}`)],
    [application, (text) => le(`\ufeff${text}`)],
    [application, (text) => be(`\ufeff${text}`)],
  ])('%s is accepted', async (type, encode) => {
    const { text } = await post(encode(json()), { 'Content-Type': type });
    expect(text).toBe(stateText(correlationId, [1, 1, 0]));
  });

  test.each([
    'text/plain',
    'application/xml',
    `${application}; charset=utf-7`,
    `${application}; charset=utf-32`,
    'application/jsonx',
  ])('415: %s', async (type) => {
    const answer = await post(json(), { 'Content-Type': type });
    expect(answer).toMatchObject({
      status: 415,
      text: errorText(null, [2, 'The request body must be JSON.'], null),
    });
  });

  test('400: half a character', async () => {
    const type = `${application}; charset=utf-16le`;
    const answer = await post(le(json()).subarray(0, -1), { 'Content-Type': type });
    expect(answer.status).toBe(400);
  });
});

describe('content encodings of contract bodies', () => {
  const encodings: readonly [string, (text: string) => Buffer][] = [
    ['gzip', gzipSync],
    ['GZIP', gzipSync],
    ['x-gzip', gzipSync],
    ['identity, gzip', gzipSync],
    ['deflate', deflateSync],
    ['deflate', deflateRawSync],
    ['br', brotliCompressSync],
    ['identity', Buffer.from],
  ];

  test.each(encodings)('%s is accepted', async (coding, encode) => {
    const headers = { 'Content-Type': application, 'Content-Encoding': coding };
    const { text } = await post(encode(json()), headers);
    expect(text).toBe(stateText(correlationId, [1, 1, 0]));
  });

  test('UTF-16 is accepted in a compressed body', async () => {
    const headers = { 'Content-Type': 'text/json; charset=utf-16', 'Content-Encoding': 'gzip' };
    const { text } = await post(gzipSync(le(json())), headers);
    expect(text).toBe(stateText(correlationId, [1, 1, 0]));
  });

  test.each(['compress', 'zstd', 'gzip, gzip', 'constructor'])('415: %s', async (coding) => {
    const headers = { 'Content-Type': application, 'Content-Encoding': coding };
    const answer = await post(json(), headers);
    expect(answer.status).toBe(415);
    expect(answer.headers.get('accept-encoding')).toBe('gzip, deflate, br');
    expect(JSON.parse(answer.text)).toMatchObject({ RecordingState: 0, UCCName: null });
  });

  test.each(encodings.slice(0, 7))(
    '413 for a body that %s expands beyond the limit',
    async (...of) => {
      const [coding, encode] = of;
      const headers = { 'Content-Type': application, 'Content-Encoding': coding };
      const bomb = encode(json({ padding: ' '.repeat(10_000_000) }));
      expect(bomb.length).toBeLessThan(65_536);
      const answer = await post(bomb, headers);
      expect(answer).toMatchObject({
        status: 413,
        text: errorText(null, [2, 'The request body is too large.'], null),
      });
    },
  );

  test('400 for a body that is not in its declared encoding', async () => {
    const headers = { 'Content-Type': application, 'Content-Encoding': 'gzip' };
    expect((await post(json(), headers)).status).toBe(400);
    expect((await post(gzipSync(json()).subarray(0, 40), headers)).status).toBe(400);
  });

  test('the Hush API accepts them as well', async () => {
    const send = (body: Buffer) =>
      fetch(`${bench.hush.api}/api/uccs/ucc-zipped`, {
        method: 'PUT',
        headers: { 'Content-Type': application, 'Content-Encoding': 'gzip' },
        body: new Uint8Array(body),
      });
    expect((await send(gzipSync('{"useAudioRecording":true}'))).status).toBe(200);
    expect((await send(gzipSync(`{"x":"${'y'.repeat(100_000)}"}`))).status).toBe(413);
  });
});

describe('blanks around names in contract requests', () => {
  test.each([` ${ucc}`, `${ucc}\t`, `\n ${ucc.toUpperCase()} `])('UCC %j', async (uccName) => {
    const body = json({ UCCName: uccName, Action: ' Mark ', RequesterSipUri: ` ${agent} ` });
    const { text } = await post(body, { 'Content-Type': application });
    expect(text).toBe(stateText(correlationId, [1, 1, 0], uccName));
    const state = await bench.state(encodeURIComponent(uccName), correlationId);
    expect(state.text).toBe(stateText(correlationId, [1, 1, 0], uccName));
    const path = `/attendantservice/api/recording/capabilities/${encodeURIComponent(uccName)}`;
    expect(JSON.parse((await bench.get(path)).text)).toMatchObject({ ErrorMessage: null });
  });

  test('count within a name', async () => {
    const { text } = await post(json({ UCCName: 'ucc demo' }), { 'Content-Type': application });
    const unknown = 'Ucc name (ucc demo) was not recognized';
    expect(text).toBe(errorText(correlationId, [2, unknown], 'ucc demo'));
  });
});

describe('requesters in every spelling of their address', () => {
  const members = ['tel:+31880000001', 'sip:agent@domain.com', 'sip:a;b@domain.com'];
  test.each([
    'tel:+31-88-0000001',
    'tel:+31.88.000.00.01',
    'tel:+31(88)0000001',
    'tel:(+31)880000001',
    'tel:%2B31880000001',
    'tel:%2b31-88-0000001',
    'TEL:+31880000001',
    'sip:+31-88-0000001@gateway.example;user=phone',
    'sip:%2B31880000001@gateway.example',
    'sip:%61gent@domain.com',
    'sip:%41%47ent@Domain.com',
    'sip:a;b@domain.com',
    'sip:a%3Bb@domain.com',
  ])('%s is accepted', async (requester) => {
    await bench.patch(ucc, { agents: members });
    const body = json({ RequesterSipUri: requester });
    const { text } = await post(body, { 'Content-Type': application });
    expect(text).toBe(stateText(correlationId, [1, 1, 0]));
  });

  test.each(['tel:+31880000002', 'sip:a@domain.com', 'tel:+31-88-000000'])(
    'another requester is refused: %s',
    async (requester) => {
      const body = json({ RequesterSipUri: requester });
      const { text } = await post(body, { 'Content-Type': application });
      expect(JSON.parse(text).ErrorMessage).toMatchObject({ ErrorType: 1 });
    },
  );
});
