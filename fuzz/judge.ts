/** Resident memory, sampled once a second. */
export interface MemorySample {
  readonly atMs: number;
  readonly bytes: number;
}

export interface Finding {
  readonly what: string;
  /** The bytes sent, escaped. */
  readonly sent: string;
}

/** A faster growth per minute, once the run has warmed up, counts as a leak. */
export const MAX_GROWTH_BYTES_PER_MINUTE = 12 * 1024 * 1024;
const MIN_SAMPLES = 60;
const documented: readonly number[] = [503];

/** Returns what is wrong with an answer; undefined if nothing is. */
export function judgeAnswer(answer: string): string | undefined {
  if (answer === '') return undefined;
  const status = /^HTTP\/1\.[01] (\d{3}) /.exec(answer)?.[1];
  if (status === undefined) return 'what came back is no HTTP';
  const code = Number(status);
  return code >= 500 && !documented.includes(code) ? `answered ${code}` : undefined;
}

/** Returns the growth in bytes a minute over the last two thirds of the run, by least squares. */
export function growthPerMinute(samples: readonly MemorySample[]): number {
  const warm = samples.slice(Math.floor(samples.length / 3));
  const mean = (of: (sample: MemorySample) => number): number =>
    warm.reduce((sum, sample) => sum + of(sample), 0) / warm.length;
  const [meanAt, meanBytes] = [mean(({ atMs }) => atMs), mean(({ bytes }) => bytes)];
  let above = 0;
  let below = 0;
  for (const { atMs, bytes } of warm) {
    above += (atMs - meanAt) * (bytes - meanBytes);
    below += (atMs - meanAt) ** 2;
  }
  return below === 0 ? 0 : (above / below) * 60_000;
}

/** A short run proves nothing about memory. */
export function judgeMemory(samples: readonly MemorySample[]): string | undefined {
  if (samples.length < MIN_SAMPLES) return undefined;
  const growth = growthPerMinute(samples);
  if (growth <= MAX_GROWTH_BYTES_PER_MINUTE) return undefined;
  return `memory grows by ${(growth / 1024 / 1024).toFixed(1)} MiB a minute`;
}
