import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NetworkError, parseNetworks } from '../../../src/domain/common/networks.ts';
import { ucc } from '../../support/hush/hush.ts';
import { base, ContractBench, errorText, set } from '../contract/contract-support.ts';

describe('parseNetworks', () => {
  test.each([
    ['10.0.0.0/8', '10.255.0.1', true],
    ['10.0.0.0/8', '11.0.0.1', false],
    ['192.168.1.7', '192.168.1.7', true],
    ['192.168.1.7', '192.168.1.8', false],
    ['192.168.1.7/32', '192.168.1.7', true],
    ['0.0.0.0/0', '203.0.113.9', true],
    ['0.0.0.0/0', '2001:db8::1', false],
    ['172.16.0.0/12', '172.31.255.255', true],
    ['172.16.0.0/12', '172.32.0.0', false],
    ['::1', '::1', true],
    ['::1', '::2', false],
    ['2001:db8::/32', '2001:db8:ffff::1', true],
    ['2001:db8::/32', '2001:db9::1', false],
    // An IPv6 range that holds ::ffff:0:0/96 holds all of IPv4.
    ['::/0', '127.0.0.1', false],
    // A dual-stack socket names an IPv4 caller in this form.
    ['127.0.0.0/8', '::ffff:127.0.0.1', true],
    ['127.0.0.0/8', '::ffff:10.0.0.1', false],
    ['127.0.0.0/8', '::ffff:7f00:1', true],
    ['127.0.0.0/8', '0:0:0:0:0:FFFF:7F00:0001', true],
    ['::/0', '::ffff:127.0.0.1', false],
    ['fe80::/10', 'fe80::1%2', true],
    ['127.0.0.0/8', 'no address', false],
    ['127.0.0.0/8', '', false],
  ])('%s holds %s: %s', (entry, address, holds) => {
    expect(parseNetworks([entry])(address)).toBe(holds);
  });

  test('joins several entries into one list, which admits nobody if it is empty', () => {
    const isAllowed = parseNetworks(['10.0.0.0/8', '::1']);
    expect(['10.1.1.1', '::1', '127.0.0.1'].map(isAllowed)).toEqual([true, true, false]);
    expect(parseNetworks([])('127.0.0.1')).toBe(false);
  });

  test.each([
    '10.0.0.0/33',
    '::1/129',
    '10.0.0.0/-1',
    '10.0.0.0/',
    '10.0.0.0/8/8',
    '10.0.0.0/1e1',
    '10.0.0.0/ 8',
    '10.0.0/8',
    'localhost',
    '/8',
    '',
  ])('refuses %j, which is neither an address nor a range', (entry) => {
    expect(() => parseNetworks(['127.0.0.1', entry])).toThrow(
      new NetworkError(`${entry} is neither an address nor a CIDR range`),
    );
  });
});

describe('a caller from outside anonymousNetworks', () => {
  const id = '1d6c6a58-6739-4f0c-98ff-0968292c8c30';
  const refused = 'The caller is not allowed here.';
  let bench: ContractBench;

  beforeAll(async () => {
    bench = await ContractBench.open((config) => ({
      ...config,
      http: { ...config.http, anonymousNetworks: ['10.0.0.0/8', '127.0.0.2/32'] },
    }));
  });
  afterAll(() => bench.close());

  test('state: 403 in the shape of the contract', async () => {
    const answer = await bench.state(ucc, id);
    expect(answer).toMatchObject({ status: 403, text: errorText(id, [1, refused]) });
  });

  test('command: 403, its body unread', async () => {
    const answer = await bench.get(set, { method: 'POST', body: 'x'.repeat(100_000) });
    expect(answer).toMatchObject({ status: 403, text: errorText(null, [1, refused], null) });
  });

  test('capabilities: 403 in their shape', async () => {
    const answer = await bench.get(`${base}/capabilities/${ucc}`);
    expect(answer.status).toBe(403);
    expect(answer.text).toBe(
      `{"AgentCanEditRecordings":false,"ErrorMessage":{"ErrorType":1,"Message":"${refused}"},` +
        `"UCCName":"${ucc}"}`,
    );
  });

  test.each([
    '/api/calls',
    `/api/calls/${id}`,
    '/api/recordings',
    `/api/recordings/${id}`,
    `/api/recordings/${id}/audio`,
    '/api/uccs',
    `/api/uccs/${ucc}`,
    '/API/UCCS',
    '/metrics',
    '/docs/',
    '/api/openapi.json',
    '/no/such/path',
  ])('%s: 403, a problem', async (path) => {
    const answer = await bench.get(path);
    expect(answer.status).toBe(403);
    expect(answer.headers['content-type']).toBe('application/problem+json; charset=utf-8');
    expect(answer.text).toBe('{"type":"about:blank","title":"Not allowed","status":403}');
  });

  test('is refused changes as well, and other methods', async () => {
    const headers = { 'Content-Type': 'application/json' };
    const body = '{"agentCanEditAudioRecording":false}';
    const path = `/api/uccs/${ucc}`;
    for (const method of ['PATCH', 'PUT', 'DELETE']) {
      expect((await bench.get(path, { method, headers, body })).status).toBe(403);
    }
    const { text } = await bench.get(path, { from: '127.0.0.2' });
    expect(text).toContain('"agentCanEditAudioRecording":true');
  });

  test('is answered by health', async () => {
    expect((await bench.get('/api/health')).status).toBe(200);
  });

  test.runIf(process.platform === 'linux')('a caller from inside is let in', async () => {
    const answer = await bench.get(`${base}/capabilities/${ucc}`, { from: '127.0.0.2' });
    expect(answer.status).toBe(200);
  });

  test('gains nothing by a header that claims another address', async () => {
    const headers = { 'X-Forwarded-For': '10.0.0.1', Forwarded: 'for=10.0.0.1' };
    expect((await bench.get('/api/calls', { headers })).status).toBe(403);
  });
});
