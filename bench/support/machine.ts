import { readdirSync } from 'node:fs';
import { cpus } from 'node:os';
import { residentBytes } from './child.ts';

const SAMPLE_MS = 10_000;
/** The share of a process's samples that is left out: its memory fills up meanwhile. */
const WARM_UP_SHARE = 1 / 3;
const LEAST_SAMPLES = 12;
const MS_PER_HOUR = 3_600_000;
const BYTES_PER_MIB = 1_048_576;

/** Time of all cores so far, in ms. */
interface CoreTimes {
  readonly idle: number;
  readonly all: number;
}

export function idleShare(): CoreTimes;
export function idleShare(since: CoreTimes): number;
/** Returns the share of the cores' time since then in which they had nothing to do, 0 to 1. */
export function idleShare(since?: CoreTimes): CoreTimes | number {
  const times = cpus().map(({ times: of }) => of);
  const idle = times.reduce((sum, of) => sum + of.idle, 0);
  const all = times.reduce((sum, { user, nice, sys, idle: none, irq }) => {
    return sum + user + nice + sys + none + irq;
  }, 0);
  return since ? (idle - since.idle) / (all - since.all) : { idle, all };
}

interface Sample {
  readonly atMs: number;
  readonly bytes: number;
  /** Open descriptors: files, sockets, timers. */
  readonly handles: number;
}

/** Watches whether a process that is restarted now and then needs more and more. */
export class ResourceWatch {
  readonly #samples = new Map<number, Sample[]>();
  readonly #timer: NodeJS.Timeout;

  /** @param pid returns the process that runs at the moment, if one is known */
  constructor(pid: () => number | undefined) {
    this.#timer = setInterval(() => this.#sample(pid()), SAMPLE_MS);
  }

  /** Ends the watch, and tells of the process that lived longest. */
  end(): string {
    clearInterval(this.#timer);
    const all = [...this.#samples.values()].toSorted((a, b) => b.length - a.length)[0] ?? [];
    const settled = all.slice(Math.floor(all.length * WARM_UP_SHARE));
    const [first, last] = [settled[0], settled.at(-1)];
    if (!first || !last || settled.length < LEAST_SAMPLES) {
      return 'memory and handles: no process lived for long enough to tell a slope';
    }
    const minutes = ((last.atMs - first.atMs) / 60_000).toFixed(0);
    const mib = (bytes: number) => (bytes / BYTES_PER_MIB).toFixed(0);
    return (
      `memory ${mib(first.bytes)} to ${mib(last.bytes)} MiB, ` +
      `${mib(slope(settled, ({ bytes }) => bytes))} MiB an hour; ` +
      `handles ${first.handles} to ${last.handles}, ` +
      `${slope(settled, ({ handles }) => handles).toFixed(0)} an hour (over ${minutes} min)`
    );
  }

  #sample(pid: number | undefined): void {
    if (pid === undefined) return;
    try {
      const handles = readdirSync(`/proc/${pid}/fd`).length;
      const sample = { atMs: performance.now(), bytes: residentBytes(pid), handles };
      this.#samples.set(pid, [...(this.#samples.get(pid) ?? []), sample]);
    } catch {
      // It is being restarted.
    }
  }
}

/** Growth an hour, by least squares. */
function slope(samples: readonly Sample[], of: (sample: Sample) => number): number {
  const mean = (value: (sample: Sample) => number) =>
    samples.reduce((sum, sample) => sum + value(sample), 0) / samples.length;
  const [meanMs, meanValue] = [mean(({ atMs }) => atMs), mean(of)];
  let [covariance, variance] = [0, 0];
  for (const sample of samples) {
    covariance += (sample.atMs - meanMs) * (of(sample) - meanValue);
    variance += (sample.atMs - meanMs) ** 2;
  }
  return (covariance / variance) * MS_PER_HOUR;
}
