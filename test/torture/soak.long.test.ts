import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { FoundFrames } from '../../src/torture/found-frames.ts';
import { BEYOND_THE_END, MIXED, reasonFor } from '../../src/torture/gap-explanations.ts';
import { type SoakOptions, soak } from '../../src/torture/soak/soak.ts';
import { soakTable } from '../../src/torture/soak/soak-report.ts';
import type { SettledAudio } from '../../src/torture/target.ts';
import { originsOf } from '../../src/torture/timeline.ts';
import { openTortureBench, type TortureBench } from '../support/audio/torture-bench.ts';
import { longTest, sized } from '../support/length.ts';
import { RecordedCall } from './recorded-call.ts';

const { indexAt } = RecordedCall;

let bench: TortureBench;

beforeAll(async () => {
  bench = await openTortureBench({ shutdown: 'handover' });
});
afterAll(async () => {
  await bench.close();
  rmSync(bench.dataDir, { recursive: true, force: true });
});

function shortly(more: Partial<SoakOptions> = {}) {
  const strikes = { crashWindowMs: 1_000, strikeEveryMs: [2_000, 4_000] as const };
  return soak({
    ...bench,
    dialogues: 8,
    durationMs: sized(5_000, 8_000),
    seed: 3,
    ...strikes,
    ...more,
  });
}

describe('a short soak', () => {
  longTest(
    'leaks nothing, settles everything and explains what lacks',
    async () => {
      const report = await shortly();
      expect(soakTable(report)).toContain('frames leaked, by sending time');
      expect(report.findings).toEqual([]);
      expect(report).toMatchObject({ leaked: 0, unexplained: 0, faults: [], isClean: true });
      expect(report).toMatchObject({ unsettled: [], openAlarms: [] });
      expect(report.strikes.size).toBeGreaterThan(0);
      expect(report.pauses).toBeGreaterThan(4);
      expect(report.required).toBeGreaterThan(500);
    },
    240_000,
  );

  longTest(
    'finds a recorder out whose recordings hold what was paused',
    async () => {
      const { target } = bench;
      // Every frame number up to 1,000 of every stream, as a recorder has it that never pauses.
      const kept = Array.from({ length: 1_000 }, (_, index) => ({ index, positionMs: index * 20 }));
      const lengthMs = 20;
      const place = (positionMs: number) => [{ recording: 0, positionMs, lengthMs }];
      const settledAudio = async (correlationId: string): Promise<SettledAudio> => {
        const { found, ids } = await target.settledAudio(correlationId);
        const all: FoundFrames = new Map(
          [...found.keys()].map((tag) => [
            tag,
            new Map(kept.map(({ index, positionMs }) => [index, place(positionMs)])),
          ]),
        );
        return { found: all, ids };
      };
      const report = await shortly({ settledAudio, weather: 'calm', durationMs: 3_000 });
      expect(report.leaked).toBeGreaterThan(20);
      expect(report.isClean).toBe(false);
      expect(soakTable(report)).toContain('after the answer');
    },
    120_000,
  );
});

describe('what lacks', () => {
  const call = new RecordedCall({ guardMs: 250 });
  const gap = { startMs: 3_000, lengthMs: 2_000, reason: 'api' };
  const guard = { startMs: 5_000, lengthMs: 250, reason: 'guard' };
  const detail = (lengthMs: number) => ({
    ...{ status: 'kept', beganAt: new Date(call.beganAtMs).toISOString(), lengthMs },
    tracks: [1, 2].map((tag) => ({ aor: `tel:${tag}`, gaps: tag === 1 ? [gap, guard] : [gap] })),
  });
  const explanation = {
    evidence: call.evidence,
    origins: originsOf(call.evidence, []),
    recordings: [detail(10_000)],
    isOutage: (atMs: number) => atMs > call.beganAtMs + 9_000,
  };
  const reasonAt = (tag: number, ms: number, more = {}) => {
    const leg = call.legs.find((one) => one.tag === tag);
    if (!leg) throw new Error('no such leg');
    return reasonFor(call.frame(tag, indexAt(ms)), leg, { ...explanation, ...more });
  };

  test('is explained by the gap of its own party that it lies in', () => {
    expect(reasonAt(1, 4_000)).toBe('api');
    expect(reasonAt(1, 5_200)).toBe('guard');
    expect(reasonAt(2, 5_200)).toBeUndefined();
  });

  test('is found by when the recording began where nothing of it was kept', () => {
    const none = { ...call.evidence, found: new Map() };
    expect(reasonAt(1, 4_000, { evidence: none, origins: new Map() })).toBe('api');
    expect(reasonAt(1, 8_000, { evidence: none, origins: new Map() })).toBeUndefined();
  });

  test('is explained by nothing elsewhere', () => {
    expect(reasonAt(1, 8_000)).toBeUndefined();
    expect(reasonAt(1, 9_500)).toBeUndefined();
  });

  test('is explained where another session of its party lies there too', () => {
    const [first] = call.legs;
    if (!first) throw new Error('no leg');
    const next = { ...first, tag: 3, frames: first.frames.slice(0, 50) };
    const places = next.frames.map(({ index }) => {
      const place = { recording: 0, positionMs: 9_400 + index * 20, lengthMs: 20 };
      return [index, [place]] satisfies [number, object[]];
    });
    const found: FoundFrames = new Map([...call.evidence.found, [3, new Map(places)]]);
    const evidence = { ...call.evidence, legs: [...call.legs, next], found };
    expect(reasonAt(1, 9_500, { evidence })).toBe(MIXED);
    expect(reasonAt(1, 8_000, { evidence })).toBeUndefined();
    expect(reasonAt(2, 9_500, { evidence })).toBeUndefined();
  });

  test('behind the end is explained by a crash alone', () => {
    const recordings = [detail(7_000)];
    expect(reasonAt(1, 9_500, { recordings })).toBe(BEYOND_THE_END);
    expect(reasonAt(1, 8_000, { recordings })).toBeUndefined();
  });
});
