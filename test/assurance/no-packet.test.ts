import { randomUUID } from 'node:crypto';
import { setTimeout as later } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { TestCaller } from '../support/calls.ts';
import { agent, TestHush, temporaryFolder, ucc } from '../support/hush/hush.ts';
import { freeRtpPorts } from '../support/ports.ts';

/** Calls without one packet: alike calls get alike verdicts, whoever judges them and when. */

const dataDir = temporaryFolder();
let hush: TestHush;
let caller: TestCaller;

async function start(): Promise<TestHush> {
  return TestHush.start({
    dataDir,
    config: (config) => ({
      ...config,
      rtp: { ...config.rtp, ...ports },
      recording: { ...config.recording, mediaTimeoutMs: 500 },
    }),
  });
}

const ports = await freeRtpPorts();
beforeAll(async () => {
  hush = await start();
  caller = await TestCaller.open();
});

afterAll(async () => {
  await caller.close();
  await hush.remove();
});

async function silentCall() {
  const correlationId = randomUUID();
  const call = await caller.client.placeCall({
    peer: hush.peer,
    requestUri: `sip:${ucc}@127.0.0.1`,
    headers: [{ name: 'X-Correlation-Id', value: correlationId }],
    participants: [agent, 'tel:+31880000000'].map((aor) => ({ aor, source: () => undefined })),
  });
  return { correlationId, call };
}

/** Each of them for that long, one after the other begun, so that no clock ticks alike for them. */
async function silentCalls(count: number, lastMs: number): Promise<string[]> {
  const placed = Array.from({ length: count }, async (_, index) => {
    await later(index * 170);
    const { correlationId, call } = await silentCall();
    await later(lastMs);
    await call.end();
    return correlationId;
  });
  return Promise.all(placed);
}

async function verdictsOf(ids: readonly string[]): Promise<Set<string>> {
  const found = new Set<string>();
  for (const id of ids) {
    await hush.settled(id);
    const { verdict, reasons } = await hush.get(`/api/calls/${id}/health`);
    found.add(`${verdict}: ${reasons.map(({ code }: { code: string }) => code)}`);
  }
  return found;
}

it('are all missing, or all too short to be judged, and counted once', async () => {
  const [long, short] = await Promise.all([silentCalls(6, 1_600), silentCalls(6, 300)]);
  expect(await verdictsOf(long)).toEqual(new Set(['missing: noMedia']));
  expect(await verdictsOf(short)).toEqual(new Set(['complete: tooShort']));

  // Their process dies; the next one has seen nothing of them.
  const seen = await silentCall();
  await later(1_300);
  await hush.abandon();
  hush = await start();
  expect(await verdictsOf([seen.correlationId])).toEqual(new Set(['missing: noMedia']));

  const date = new Date().toLocaleDateString('en-CA');
  const [line] = (await hush.get(`/api/assurance/daily?date=${date}`)).uccs;
  expect(line).toMatchObject({
    ...{ calls: 13, recorded: 13, kept: 0, complete: 0, degraded: 0, missing: 7, tooShort: 6 },
    ...{ unjudged: 0, destroyed: 0, nothingKept: true },
  });
  const answer = await hush.post('/api/assurance/reconcile', {
    correlationIds: [...long, ...short],
  });
  expect(await answer.json()).toEqual({
    ...{ complete: [], degraded: [], destroyed: [], inProgress: [] },
    missing: [
      ...long.map((correlationId) => ({ correlationId, why: 'nothingKept' })),
      ...short.map((correlationId) => ({ correlationId, why: 'tooShort' })),
    ],
  });
});
