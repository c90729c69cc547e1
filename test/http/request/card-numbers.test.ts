import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withoutCardNumbersInJson } from '../../../src/domain/redaction/card-numbers.ts';
import { agent, ucc } from '../../support/hush/hush.ts';
import { type ApiBench, openBench, record } from '../api-support.ts';

const pan = '4929421234600821';
const spaced = '4929 4212 3460 0821';

let bench: ApiBench;
const log: string[] = [];

beforeAll(async () => {
  const logger = pino(
    { level: 'trace', hooks: { streamWrite: withoutCardNumbersInJson } },
    { write: (line: string) => log.push(line) },
  );
  bench = await openBench({ overrides: { logger } });
});
afterAll(() => bench.close());

function send(method: string, path: string, body: unknown): Promise<Response> {
  return fetch(bench.hush.api + path, {
    method,
    headers: { 'Content-Type': 'application/json', 'Idempotency-Key': pan, 'X-Note': pan },
    body: JSON.stringify(body),
  });
}

/** Returns everything on the disk: database, its log, receipts. */
function stored(): string {
  const files = ['hush.sqlite', 'hush.sqlite-wal'];
  return files.map((name) => readFileSync(join(bench.hush.dataDir, name), 'latin1')).join();
}

test('a card number in any field of any request reaches neither disk nor log', async () => {
  const { id } = await record(bench);
  const placed = await bench.caller.call(bench.hush);
  const { correlationId } = placed;
  for (const value of [pan, spaced, `sip:${pan}@x`, `pan ${spaced} exp 12 27`]) {
    for (const field of ['Action', 'RequesterSipUri', 'CorrelationId', 'UCCName']) {
      await bench.hush.command('Mark', correlationId, { [field]: value });
    }
    await send('POST', `/api/calls/${correlationId}/pauses`, {
      owner: 'page',
      ttlMs: 60_000,
      reason: value,
    });
    await send('PUT', `/api/recordings/${id}/legal-hold`, { reason: value });
    await send('POST', `/api/recordings/${id}/erasures`, { reason: value, whole: true });
    await send('DELETE', `/api/recordings/${id}/legal-hold`, { reason: value });
    await send('PATCH', `/api/uccs/${ucc}`, { agents: [agent, value] });
    await send('PATCH', `/api/uccs/${ucc}`, { retentionDays: 900, reason: value });
    await send('PUT', '/api/webhooks/crm', { url: `https://example.com/${value}` });
    await fetch(`${bench.hush.api}/api/recordings?agent=${encodeURIComponent(value)}`);
    await fetch(`${bench.hush.api}/attendantservice/api/recording/${value}/${value}`);
  }
  for (const path of [`/api/uccs/${pan}`, `/api/webhooks/${pan}`]) {
    expect((await send('PUT', path, { url: 'https://example.com/' })).status).toBe(400);
  }
  await placed.call.end();
  await bench.hush.settled(correlationId);
  expect(stored()).not.toMatch(/4929[ -]?4212[ -]?3460/);
  expect(log.join('')).not.toMatch(/4929[ -]?4212[ -]?3460/);
  expect(stored()).toContain('(card number)');
});

test('two lease owners whose names contain card numbers stay distinct', async () => {
  const placed = await bench.caller.call(bench.hush);
  const path = `/api/calls/${placed.correlationId}/pauses`;
  const [one, two] = [`page-${pan}`, 'page-4111111111111111'];
  expect((await send('POST', path, { owner: one, ttlMs: 60_000 })).status).toBe(201);
  expect((await send('POST', path, { owner: two, ttlMs: 60_000 })).status).toBe(201);
  expect((await send('PUT', `${path}/${one}`, { ttlMs: 60_000 })).status).toBe(200);
  const release = (owner: string) =>
    fetch(`${bench.hush.api}${path}/${owner}`, { method: 'DELETE' });
  expect(await (await release(one)).json()).toMatchObject({ keepsAudio: false });
  expect(await (await release(two)).json()).toMatchObject({ keepsAudio: true });
  await placed.call.end();
  await bench.hush.settled(placed.correlationId);
  expect(stored()).not.toMatch(/4929421234600821|4111111111111111/);
});

test('card numbers in parties are removed; phone numbers stay', async () => {
  const correlationId = '7d6c6a58-6739-4f0c-98ff-0968292c8c30';
  const silent = { source: () => undefined };
  const call = await bench.caller.client.placeCall({
    peer: bench.hush.peer,
    requestUri: `sip:${ucc}@127.0.0.1`,
    headers: [{ name: 'X-Correlation-Id', value: correlationId }],
    participants: [
      { aor: agent, name: `Eva ${spaced}`, ...silent },
      { aor: `sip:${pan}@domain.com`, name: 'Caller', ...silent },
    ],
  });
  const { parties } = await bench.hush.get(`/api/calls/${correlationId}`);
  expect(parties).toMatchObject([
    { aor: agent, name: 'Eva (card number)' },
    { aor: 'sip:card-number@domain.com', name: 'Caller' },
  ]);
  await call.end();
  await bench.hush.event(
    (event) => event.correlationId === correlationId && event.type === 'callEnded',
  );
  expect(stored()).not.toMatch(/4929[ -]?4212[ -]?3460/);
});

test('only the address of a requester is kept and reported', async () => {
  const placed = await bench.caller.call(bench.hush);
  const { correlationId } = placed;
  const [name, host] = agent.split('@');
  for (const uri of [`${agent}?pan=${pan}`, `${agent};x=${spaced}`, `${name}:${pan}@${host}`]) {
    for (const action of ['Pause', 'Mark', 'Start']) {
      const fields = { RequesterSipUri: uri.replaceAll(' ', '%20') };
      const answer = await bench.hush.command(action, correlationId, fields);
      expect(answer.ErrorMessage).toBeNull();
    }
  }
  const own = bench.hush.events.filter(
    (event) => event.correlationId === correlationId && event.requester !== null,
  );
  expect(own.length).toBe(9);
  for (const { requester } of own) expect(requester).toBe(agent);
  await placed.call.end();
  await bench.hush.settled(correlationId);
  expect(stored()).not.toMatch(/4929(?:[ -]|%20)?4212(?:[ -]|%20)?3460/);
});

test('a card number in any spelling reaches no disk', async () => {
  const placed = await bench.caller.call(bench.hush);
  const { correlationId } = placed;
  const gaps = ['+', '%20', ':', ' x ', '\u200b', '\0', '·', '&nbsp;', '"] ["', '    '];
  const texts = gaps.map((gap) => spaced.replaceAll(' ', gap));
  texts.push(`+${pan}`, `00${pan}`, `${pan}1227123`, pan + pan, 'u'.repeat(241) + pan);
  for (const text of texts) {
    await bench.hush.command('Mark', correlationId, { UCCName: text });
    const asked = { owner: 'page', ttlMs: 60_000, reason: text };
    await send('POST', `/api/calls/${correlationId}/pauses`, asked);
  }
  const owner = 'p4929:4212:3460:0821';
  await send('POST', `/api/calls/${correlationId}/pauses`, { owner, ttlMs: 60_000 });
  await placed.call.end();
  await bench.hush.settled(correlationId);
  expect(stored()).not.toMatch(/4929[^0-9a-f]{0,6}4212[^0-9a-f]{0,6}3460|492942123460/);
  expect(log.join('')).not.toMatch(/4929[^0-9a-f]{0,6}4212[^0-9a-f]{0,6}3460|492942123460/);
});

test('card numbers in escaped addresses and hidden in names are removed', async () => {
  const correlationId = '0b6c6a58-6739-4f0c-98ff-0968292c8c31';
  const silent = { source: () => undefined };
  const escaped = [...pan].map((digit) => `%3${digit}`).join('');
  const call = await bench.caller.client.placeCall({
    peer: bench.hush.peer,
    requestUri: `sip:${ucc}@127.0.0.1`,
    headers: [{ name: 'X-Correlation-Id', value: correlationId }],
    participants: [
      { aor: agent, name: `Eva ${pan.replace(/(?=.{8}$)/, '\u200b')}`, ...silent },
      {
        aor: `sip:${escaped}@domain.com`,
        ...silent,
        name: 'C\u200ba\u2028l\ufeffl\u{e0041}er',
      },
    ],
  });
  const { parties } = await bench.hush.get(`/api/calls/${correlationId}`);
  expect(parties).toMatchObject([
    { aor: agent, name: 'Eva (card number)' },
    { aor: 'sip:card-number@domain.com', name: 'Caller' },
  ]);
  await call.end();
  await bench.hush.event(
    (event) => event.correlationId === correlationId && event.type === 'callEnded',
  );
  expect(stored()).not.toMatch(/4929421234600821|%34%39%32%39/);
});

test('settings that contain a card number in any spelling are refused', async () => {
  const spelled = ['4929+4212+3460+0821', '4929%204212%203460%200821', `%34${pan.slice(1)}`];
  for (const one of spelled) {
    const url = `https://example.com/?pan=${one}`;
    expect((await send('PUT', '/api/webhooks/crm', { url })).status).toBe(400);
    const member = `sip:a@d.com;x=${one}`;
    expect((await send('PATCH', `/api/uccs/${ucc}`, { agents: [agent, member] })).status).toBe(400);
  }
  const agents = [agent, `tel:+${pan}`];
  expect((await send('PATCH', `/api/uccs/${ucc}`, { agents })).status).toBe(400);
});
