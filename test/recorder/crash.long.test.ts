import { rmSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { judge, nowMs, type Pause } from '../../src/simulator/verdict.ts';
import { markersInWav } from '../../src/simulator/wav-markers.ts';
import { commandClient, recordingOf } from '../support/api.ts';
import { markersInFolder } from '../support/audio/markers-in-folder.ts';
import { type MarkerCall, TestCaller } from '../support/calls.ts';
import { type ContractAnswer, temporaryFolder, ucc } from '../support/hush/hush.ts';
import { HushProcess } from '../support/hush/hush-process.ts';
import { sized } from '../support/length.ts';

const CALLS = sized(10, 50);
/** A crash may lose this much of each stream (docs/decisions/0004). */
const MAX_LOST_MS = 1_000;
const actions = ['Pause', 'Mark', 'Stop', 'Save', 'UnMark'];

interface CallList {
  readonly items: readonly { readonly correlationId: string }[];
}

let caller: TestCaller;
const dataDir = temporaryFolder();

beforeAll(async () => {
  caller = await TestCaller.open();
});

afterAll(async () => {
  await caller.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function stateOf(api: string, correlationId: string): Promise<ContractAnswer> {
  const path = `/attendantservice/api/recording/${ucc}/${correlationId}`;
  return (await (await fetch(api + path)).json()) as ContractAnswer;
}

/** Frames of the recording, by stream tag. */
async function recordedFrames(api: string, call: MarkerCall) {
  const { id, status } = await recordingOf(api, call.correlationId);
  expect(status).toBe('kept');
  const response = await fetch(`${api}/api/recordings/${id}/audio`);
  const channels = markersInWav(Buffer.from(await response.arrayBuffer()));
  return new Map(channels.flatMap((byTag) => [...byTag]));
}

/** Nothing is expected of a client whose call is paused: such a call waits for it, no other. */
async function endedButFor(
  { api }: HushProcess,
  silenced: readonly MarkerCall[],
  calls: readonly MarkerCall[],
): Promise<void> {
  const live = (await (await fetch(`${api}/api/calls`)).json()) as CallList;
  const names = live.items.map(({ correlationId }) => correlationId);
  for (const { correlationId } of silenced) expect(names).toContain(correlationId);
  const others = calls.filter((call) => !silenced.includes(call));
  for (const { correlationId } of others) await recordingOf(api, correlationId);
}

test('after kill -9 what was sealed plays, and the state is the one that was answered', async () => {
  const first = await HushProcess.start({ dataDir });
  const command = commandClient(first.api);
  const calls = await Promise.all(Array.from({ length: CALLS }, () => caller.call(first)));
  await Promise.all(calls.map((call) => call.frames(120)));
  const answers = new Map<MarkerCall, ContractAnswer>();
  const silencedAt = new Map<MarkerCall, Pause>();
  await Promise.all(
    calls.map(async (call, index) => {
      const action = actions[index % actions.length] as string;
      const requestedAt = nowMs();
      answers.set(call, await command(action, call.correlationId));
      const never = Number.POSITIVE_INFINITY;
      const pause = { requestedAt, answeredAt: nowMs(), startRequestedAt: never };
      if (action !== 'Pause' && action !== 'Stop') return;
      silencedAt.set(call, { ...pause, startAnsweredAt: never });
    }),
  );
  await Promise.all(calls.map((call) => call.frames(200)));
  const killedAt = nowMs();
  await first.end('SIGKILL');
  for (const { call } of calls) call.abandon();
  expect(markersInFolder(dataDir)).toBe(0);

  const second = await HushProcess.start({ dataDir, mediaTimeoutMs: 3_000 });
  for (const [call, answer] of answers) {
    expect(await stateOf(second.api, call.correlationId)).toEqual(answer);
  }
  await endedButFor(second, [...silencedAt.keys()], calls);
  expect(await second.end('SIGTERM')).toBe(0);

  const third = await HushProcess.start({ dataDir });
  let mostLostMs = 0;
  for (const call of calls) {
    const recorded = await recordedFrames(third.api, call);
    const pause = silencedAt.get(call);
    for (const { tag, sent } of call.streams) {
      const frames = recorded.get(tag) ?? new Map<number, number>();
      const before = sent.filter(({ sentAtMs }) => sentAtMs < killedAt);
      const verdict = judge(before, pause ? [pause] : [], frames);
      expect(verdict.leaked).toEqual([]);
      const lost = before.filter(({ index }) => verdict.missing.includes(index));
      const from = Math.min(killedAt, ...lost.map(({ sentAtMs }) => sentAtMs));
      mostLostMs = Math.max(mostLostMs, killedAt - from);
      expect(killedAt - from).toBeLessThanOrEqual(MAX_LOST_MS);
    }
  }
  console.log(`kill -9 in ${CALLS} calls: at most ${Math.round(mostLostMs)} ms lost of a stream`);
  expect(await third.end('SIGTERM')).toBe(0);
}, 120_000);
