import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { nowMs } from '../../src/simulator/verdict.ts';
import { markersInWav } from '../../src/simulator/wav-markers.ts';
import { type PostgresServer, startPostgres } from '../store/database-servers.ts';
import { type MarkerCall, TestCaller } from '../support/calls.ts';
import { CutNetwork } from '../support/cut-network.ts';
import { TestHush, ucc } from '../support/hush/hush.ts';
import { longTest } from '../support/length.ts';

const TIMEOUT_MS = 2_000;
/** A timer, a fence, and a turn of a busy machine. */
const SLACK_MS = 700;
const FRAMES_A_SECOND = 50;

let server: PostgresServer;
let network: CutNetwork;
let hush: TestHush;
let caller: TestCaller;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  const { url = '' } = await server.empty();
  network = await CutNetwork.to(server.port);
  const store = { kind: 'postgres', url: network.through(url), timeoutMs: TIMEOUT_MS } as const;
  hush = await start(store);
  caller = await TestCaller.open();
});
afterEach(async () => {
  server.thaw();
  network.mend();
  await caller.close();
  await hush.remove();
  await network.close();
});

function start(store: Partial<TestHush['config']['store']>, dataDir?: string): Promise<TestHush> {
  return TestHush.start({
    ...(dataDir === undefined ? {} : { dataDir }),
    config: (config) => ({ ...config, store: { ...config.store, ...store } }),
  });
}

async function ready(): Promise<void> {
  await expect.poll(() => health(), { timeout: 10_000 }).toBe(200);
}

async function health(): Promise<number> {
  return (await fetch(`${hush.api}/api/health`)).status;
}

/** Returns when the kept frames of the call's first stream were sent, Unix ms. */
async function keptTimes(call: MarkerCall): Promise<number[]> {
  await call.call.end();
  await hush.settled(call.correlationId);
  const channels = markersInWav(await hush.audio(call.correlationId));
  const [stream] = call.streams;
  return (stream?.sent ?? [])
    .filter(({ index }) => channels.some((byTag) => byTag.get(stream?.tag ?? 0)?.has(index)))
    .map(({ sentAtMs }) => sentAtMs);
}

describe('while the database is frozen', () => {
  it('a Pause shuts the gate at once, and is answered ErrorType 3 in time', async () => {
    const call = await caller.call(hush);
    await call.frames(FRAMES_A_SECOND);
    server.freeze();
    const askedAt = nowMs();
    const answer = await hush.command('Pause', call.correlationId);
    const answeredAt = nowMs();
    expect(answer.ErrorMessage?.ErrorType).toBe(3);
    expect(answeredAt - askedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    server.thaw();
    await ready();
    // The answer and the store agree.
    await expect
      .poll(() => hush.get(`/attendantservice/api/recording/${ucc}/${call.correlationId}`))
      .toMatchObject({ RecordingState: 3 });
    const kept = await keptTimes(call);
    expect(Math.max(...kept) - askedAt).toBeLessThan(SLACK_MS);
  });

  longTest('so does one behind a command that waits', async () => {
    const call = await caller.call(hush);
    await call.frames(FRAMES_A_SECOND);
    server.freeze();
    const marking = hush.command('Mark', call.correlationId);
    const askedAt = nowMs();
    const [marked, paused] = await Promise.all([
      marking,
      hush.command('Pause', call.correlationId),
    ]);
    expect([marked, paused].map(({ ErrorMessage }) => ErrorMessage?.ErrorType)).toEqual([3, 3]);
    expect(nowMs() - askedAt).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    server.thaw();
    await ready();
    expect(Math.max(...(await keptTimes(call))) - askedAt).toBeLessThan(SLACK_MS);
  });

  longTest('health says so, within seconds, and says when it is back', async () => {
    expect(await health()).toBe(200);
    server.freeze();
    await expect.poll(() => health(), { timeout: 10_000 }).toBe(503);
    const details = await hush.get('/api/health/details');
    expect(details).toMatchObject({ status: 'degraded', store: 'unavailable' });
    server.thaw();
    await ready();
    expect(await hush.get('/api/health/details')).toMatchObject({ store: 'available' });
  });

  longTest('what is only read is answered 503, to be asked again', async () => {
    server.freeze();
    const response = await fetch(`${hush.api}/api/recordings/${randomUUID()}`);
    expect(response.status).toBe(503);
    expect(response.headers.get('retry-after')).not.toBeNull();
  });
});

describe('a Start whose COMMIT has no answer', () => {
  longTest(
    'is refused and opens nothing, and its rows are gone once the database is back',
    async () => {
      const call = await caller.call(hush);
      await call.frames(FRAMES_A_SECOND);
      await hush.command('Pause', call.correlationId);
      const pausedAt = nowMs();
      const lost = network.loseAnswer(true, 'RecorderSetToStartByAgent');
      const [answer] = await Promise.all([hush.command('Start', call.correlationId), lost]);
      expect(answer.ErrorMessage?.ErrorType).toBe(3);
      network.mend();
      await ready();
      const path = `/api/calls/${call.correlationId}/receipts`;
      await expect
        .poll(async () => JSON.stringify(await hush.get(path)), { timeout: 10_000 })
        .not.toContain('RecorderSetToStartByAgent');
      expect(await hush.get(`/api/calls/${call.correlationId}/pauses`)).toMatchObject({
        recordingState: 'Paused',
      });
      expect((await keptTimes(call)).filter((sentAt) => sentAt > pausedAt)).toEqual([]);
    },
  );

  longTest('does not open the gate of the next process', async () => {
    const call = await caller.call(hush);
    await call.frames(FRAMES_A_SECOND);
    await hush.command('Pause', call.correlationId);
    const pausedAt = nowMs();
    const lost = network.loseAnswer(true, 'RecorderSetToStartByAgent');
    const [answer] = await Promise.all([hush.command('Start', call.correlationId), lost]);
    expect(answer.ErrorMessage?.ErrorType).toBe(3);
    const { dataDir, config } = hush;
    await hush.abandon();
    network.mend();
    hush = await TestHush.start({
      dataDir,
      config: () => ({ ...config, sip: { ...config.sip, udpPort: hush.sipUdpPort } }),
    });
    expect(await hush.get(`/api/calls/${call.correlationId}/pauses`)).toMatchObject({
      recordingState: 'Paused',
      keepsAudio: false,
    });
    const sent = call.streams[0]?.sent.length ?? 0;
    await call.frames(sent + FRAMES_A_SECOND);
    expect((await keptTimes(call)).filter((sentAt) => sentAt > pausedAt)).toEqual([]);
  });
});
