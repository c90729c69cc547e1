import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** A program of the bench in a process of its own, controlled by messages. */
export class Child {
  readonly #process: ChildProcess;

  constructor(script: string, args: readonly string[] = []) {
    const file = fileURLToPath(new URL(script, import.meta.url));
    this.#process = spawn(process.execPath, [file, ...args], {
      stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    });
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  next<Message>(): Promise<Message> {
    return new Promise((resolve, reject) => {
      const onExit = (code: number | null): void => reject(new Error(`ended with ${code}`));
      this.#process.once('exit', onExit);
      this.#process.once('message', (message) => {
        this.#process.removeListener('exit', onExit);
        resolve(message as Message);
      });
    });
  }

  send(message: object | string): void {
    this.#process.send(message);
  }

  ask<Answer>(message: object | string): Promise<Answer> {
    const answer = this.next<Answer>();
    this.send(message);
    return answer;
  }

  end(): Promise<void> {
    return new Promise((resolve) => {
      this.#process.once('exit', () => resolve());
      this.#process.kill('SIGTERM');
    });
  }
}

/** Time of a process with all its threads, in seconds. */
export interface CpuTimes {
  /** Spent on a core. */
  readonly busy: number;
  /** Spent ready to run, while others had the cores. */
  readonly waiting: number;
}

/** Reads the scheduler's own account, to the nanosecond: ticks flatter whoever sleeps between. */
export function cpuTimes(pid: number): CpuTimes {
  let [busy, waiting] = [0, 0];
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const [ran = 0, waited = 0] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8')
      .split(' ')
      .map(Number);
    busy += ran / 1e9;
    waiting += waited / 1e9;
  }
  return { busy, waiting };
}

/** Seconds on a core by kind of thread; a thread is named after what it does. */
export function cpuByThread(pid: number): Map<string, number> {
  const seconds = new Map<string, number>();
  for (const task of readdirSync(`/proc/${pid}/task`)) {
    const name = readFileSync(`/proc/${pid}/task/${task}/comm`, 'utf8').trim();
    const [ran = 0] = readFileSync(`/proc/${pid}/task/${task}/schedstat`, 'utf8')
      .split(' ')
      .map(Number);
    const kind = kinds[name] ?? name;
    seconds.set(kind, (seconds.get(kind) ?? 0) + ran / 1e9);
  }
  return seconds;
}

const kinds: Readonly<Record<string, string>> = {
  'node-MainThread': 'main',
  'hush media': 'media',
  'hush database': 'database',
  'node-V8Worker': 'garbage and compiling',
  'libuv-worker': 'files',
};

/** Tells how long each kind of thread was busy for one of `count` things, in us. */
export function microsByThread(
  before: ReadonlyMap<string, number>,
  after: ReadonlyMap<string, number>,
  count: number,
): string {
  return [...after]
    .map(([kind, seconds]) => [kind, ((seconds - (before.get(kind) ?? 0)) * 1e6) / count] as const)
    .filter(([, micros]) => micros >= 0.05)
    .sort(([, one], [, other]) => other - one)
    .map(([kind, micros]) => `${kind} ${micros.toFixed(1)}`)
    .join(', ');
}

export function cpuSeconds(pid: number): number {
  return cpuTimes(pid).busy;
}

/** Returns the resident memory in bytes. */
export function residentBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) * 1024;
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
