import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import pino from 'pino';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { withoutCardNumbersInJson } from '../../src/domain/card-numbers.ts';
import { agent, ucc } from '../support/hush.ts';
import { type ApiBench, openBench, record } from './api-support.ts';

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

/** Everything that stands on the disk: database, its log, receipts. */
function stored(): string {
  const files = ['hush.sqlite', 'hush.sqlite-wal'];
  return files.map((name) => readFileSync(join(bench.hush.dataDir, name), 'latin1')).join();
}

test('a card number in any field of any request is on no disk and in no log', async () => {
  const { id } = await record(bench);
  const placed = await bench.caller.call(bench.hush);
  const { correlationId } = placed;
  for (const value of [pan, spaced, `sip:${pan}@x`, `pan ${spaced} exp 12 27`]) {
    for (const field of ['Action', 'RequesterSipUri', 'CorrelationId', 'UCCName']) {
      await bench.hush.command('Mark', correlationId, { [field]: value });
    }
    await send('POST', `/api/calls/${correlationId}/pauses`, {
      ...{ owner: 'page', ttlMs: 60_000, reason: value },
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

test('owners of leases whose names hold one stay two owners', async () => {
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

test("parties' names and addresses hold none; a phone number stays what it is", async () => {
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
