import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createHush } from '../../client/src/hush.ts';
import { Lease } from '../../client/src/lease.ts';
import { withoutRecording } from '../../client/src/without-recording.ts';
import { type ApiBench, openBench } from '../http/api-support.ts';
import type { MarkerCall } from '../support/calls.ts';
import { agent, ucc } from '../support/hush/hush.ts';
import { FaultyProxy } from './faulty-proxy.ts';

const TTL_MS = 1_200;
let bench: ApiBench;
let live: MarkerCall;
const servers: Server[] = [];

beforeAll(async () => {
  // Recording resumes if a pause is not renewed in time: the lease must count as lost before.
  bench = await openBench({
    change: (config) => ({
      ...config,
      uccs: config.uccs.map((one) => ({ ...one, onPauseExpiry: 'resume' as const })),
    }),
  });
  live = await bench.caller.call(bench.hush);
  await live.frames(5);
});
afterEach(() => {
  for (const server of servers.splice(0)) {
    server.close();
    server.closeAllConnections();
  }
});
afterAll(async () => {
  await live.call.end();
  await bench.close();
});

async function isRecorded(): Promise<boolean> {
  return (await bench.hush.get(`/api/calls/${live.correlationId}/pauses`)).keepsAudio;
}

async function serve(answer: RequestListener): Promise<string> {
  const server = createServer(answer).listen(0, '127.0.0.1');
  servers.push(server);
  await new Promise((resolve) => server.once('listening', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Resolves with true if nothing was recorded at the moment the lease was reported lost. */
function lostInTime(lease: Lease): Promise<boolean> {
  return new Promise((resolve) => {
    lease.lost.addEventListener('abort', () => void isRecorded().then((is) => resolve(!is)));
  });
}

async function taken(hush: ReturnType<typeof createHush>): Promise<Lease> {
  const result = await Lease.take(hush.call(live.correlationId), { ttlMs: TTL_MS });
  if (!result.ok) throw new Error(result.error.message);
  return result.value;
}

describe('a lease counts as lost before it ends', () => {
  test('when the token for its renewal never arrives', async () => {
    let asked = 0;
    const token = (): Promise<string> => {
      asked += 1;
      return asked === 1 ? Promise.resolve('x') : new Promise(() => undefined);
    };
    // The demo accepts callers without a token: the token sent does not matter here.
    const url = bench.hush.api;
    const hush = createHush({ url, token, fetch: (to, init) => fetch(to, withoutToken(init)) });
    expect(await lostInTime(await taken(hush))).toBe(true);
  });

  test('when the body of an answer never ends', async () => {
    const proxy = await FaultyProxy.start(bench.hush.api, (method) =>
      method === 'PUT' ? 'stalls' : 'none',
    );
    const lease = await taken(createHush({ url: proxy.url }));
    expect(await lostInTime(lease)).toBe(true);
    await lease.release();
    proxy.close();
  });

  test('when the answers to the first requests were lost', async () => {
    // Each attempt is carried out; the first two answers never arrive.
    const proxy = await FaultyProxy.start(bench.hush.api, (method, _, count) =>
      method === 'POST' && count <= 2 ? 'hangAfter' : method === 'PUT' ? 'hang' : 'none',
    );
    const hush = createHush({ url: proxy.url, timeoutMs: 300 });
    const result = await Lease.take(hush.call(live.correlationId), { ttlMs: 2_000 });
    if (result.ok) expect(await lostInTime(result.value)).toBe(true);
    else expect(result.error.kind).toBe('unexpected');
    proxy.close();
  });
});

function withoutToken(init: RequestInit | undefined): RequestInit {
  const { Authorization: _, ...headers } = (init?.headers ?? {}) as Record<string, string>;
  return { ...init, headers };
}

test('an answer with another state, or for another call, is no pause', async () => {
  const states = { MarkingState: 0, SavingState: 0, ErrorMessage: null, UCCName: ucc };
  let answer: object = {};
  const url = await serve((_, response) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    response.end(JSON.stringify({ ...states, ...answer }));
  });
  const correlationId = '1d6c6a58-6739-4f0c-98ff-0968292c8c30';
  const pause = () =>
    createHush({ url }).contract.pause({ uccName: ucc, correlationId, requester: agent });
  answer = { RecordingState: 1, CorrelationId: correlationId };
  expect(await pause()).toMatchObject({ error: { kind: 'unexpected' } });
  answer = { RecordingState: 3, CorrelationId: crypto.randomUUID() };
  expect(await pause()).toMatchObject({ error: { kind: 'unexpected' } });
  answer = { RecordingState: 3, CorrelationId: correlationId.replaceAll('-', '').toUpperCase() };
  expect(await pause()).toMatchObject({ ok: true });
});

test('an answer without content is a success', async () => {
  const url = await serve((_, response) => response.writeHead(204).end());
  const asked = { path: { name: 'crm' } };
  const answered = await createHush({ url }).request('DELETE /api/webhooks/{name}', asked);
  expect(answered).toEqual({ ok: true, value: undefined });
});

test('a page restored from the cache knows that the call is recorded', async () => {
  const page = new EventTarget();
  const globals = globalThis as Partial<
    Pick<EventTarget, 'addEventListener' | 'removeEventListener'>
  >;
  globals.addEventListener = page.addEventListener.bind(page);
  globals.removeEventListener = page.removeEventListener.bind(page);
  const hush = createHush({ url: bench.hush.api });
  const result = await withoutRecording(hush.call(live.correlationId), async ({ signal }) => {
    page.dispatchEvent(new Event('pagehide'));
    await expect.poll(isRecorded).toBe(true);
    return signal.aborted;
  });
  delete globals.addEventListener;
  delete globals.removeEventListener;
  expect(result).toMatchObject({ ok: true, value: true, protectedThroughout: false });
});
