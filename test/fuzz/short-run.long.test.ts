import { expect, test } from 'vitest';
import { growthPerMinute, judgeAnswer, judgeMemory } from '../../fuzz/judge.ts';
import { fuzz, surfaces } from '../../fuzz/run.ts';
import { few, sized } from '../support/length.ts';

const SECONDS = sized(1, 4);

test.each(few(surfaces, 1))(
  `${SECONDS} s of %s find nothing`,
  { timeout: 60_000 },
  async (surface) => {
    const report = await fuzz(surface, { seconds: SECONDS, seed: 20_261_124 });
    expect(report.findings).toEqual([]);
    expect(report.cases).toBeGreaterThan(sized(10, 100));
  },
);

test('the judge knows a fault', () => {
  expect(judgeAnswer('HTTP/1.1 500 Internal Server Error\r\n\r\n')).toBe('answered 500');
  expect(judgeAnswer('garbage')).toBe('what came back is no HTTP');
  expect(judgeAnswer('HTTP/1.1 404 Not Found\r\n\r\n')).toBeUndefined();
  expect(judgeAnswer('HTTP/1.1 503 Service Unavailable\r\n\r\n')).toBeUndefined();
});

test('and memory that is not given back', () => {
  const samples = (perSecond: number) =>
    Array.from({ length: 60 }, (_, second) => ({ atMs: second * 1000, bytes: second * perSecond }));
  expect(growthPerMinute(samples(1_000))).toBeCloseTo(60_000);
  expect(judgeMemory(samples(1_000))).toBeUndefined();
  expect(judgeMemory(samples(1_048_576))).toBe('memory grows by 60.0 MiB a minute');
});
