import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

export interface RecorderProcessOptions {
  /** Process id of the recorder. */
  readonly pid: number | undefined;
  /** Shell command that starts the recorder in the foreground. */
  readonly restart: string | undefined;
  /** Shell command that ends a media thread; `{pid}` is the recorder's. */
  readonly crashWorker: string | undefined;
  /** Shell command that makes one of its threads stall for a while. */
  readonly stallThread?: string | undefined;
  /** Shell command that starts another recorder on the same data, in the foreground. */
  readonly second?: string | undefined;
  /** Shell command that fills the recorder's log destination and makes it log; `{pid}` as above. */
  readonly fillLog?: string | undefined;
  readonly handsOver?: boolean;
  /** Resolves once the recorder answers. */
  isUp(): Promise<boolean>;
}

const STALL_MS = 300;
const UP_POLL_MS = 20;
const UP_TIMEOUT_MS = 30_000;
/** A second recorder must have refused by then. */
const REFUSAL_TIMEOUT_MS = 10_000;

/** The recorder's process, as far as the kit may control it. */
export class RecorderProcess {
  readonly #options: RecorderProcessOptions;
  #pid: number | undefined;
  #child: ChildProcess | undefined;

  constructor(options: RecorderProcessOptions) {
    this.#options = options;
    this.#pid = options.pid;
  }

  get pid(): number | undefined {
    return this.#pid;
  }

  get canStall(): boolean {
    return this.#pid !== undefined;
  }
  get canRestart(): boolean {
    return this.canStall && this.#options.restart !== undefined;
  }
  get canCrashWorker(): boolean {
    return this.canStall && this.#options.crashWorker !== undefined;
  }
  get canStallThread(): boolean {
    return this.canStall && this.#options.stallThread !== undefined;
  }
  /** True if SIGTERM leaves its calls to the next process. */
  get canHandOver(): boolean {
    return this.#options.handsOver ?? false;
  }
  get canStartSecond(): boolean {
    return this.#options.second !== undefined;
  }
  get canFillLog(): boolean {
    return this.canStall && this.#options.fillLog !== undefined;
  }

  /** Stalls the whole process. */
  async stall(ms = STALL_MS): Promise<void> {
    const pid = this.#target();
    process.kill(pid, 'SIGSTOP');
    try {
      await delay(ms);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  /** Ends it, by default abruptly, and starts it again. Rejects when it stays away. */
  async restart(signal: 'SIGKILL' | 'SIGTERM' = 'SIGKILL'): Promise<void> {
    const { restart = '', isUp } = this.#options;
    await this.#kill(signal);
    const child = startGroup(restart);
    child.unref();
    this.#child = child;
    this.#pid = child.pid;
    const until = performance.now() + UP_TIMEOUT_MS;
    while (!(await isUp())) {
      if (performance.now() > until) throw new Error('the recorder did not come back');
      await delay(UP_POLL_MS);
    }
  }

  crashWorker(): Promise<void> {
    return runShell(this.#shell(this.#options.crashWorker));
  }

  stallThread(): Promise<void> {
    return runShell(this.#shell(this.#options.stallThread));
  }

  fillLog(): Promise<void> {
    return runShell(this.#shell(this.#options.fillLog));
  }

  /** Rejects when the second one does not end by itself, or ends as if all were well. */
  async startSecond(): Promise<void> {
    const child = startGroup(this.#options.second ?? '', 'ignore');
    const exited = new Promise<number | null>((resolve) => child.once('exit', resolve));
    const stop = new AbortController();
    const code = await Promise.race([
      exited,
      delay(REFUSAL_TIMEOUT_MS, 'runs' as const, { signal: stop.signal }).catch(() => null),
    ]);
    stop.abort();
    if (code === 'runs') {
      process.kill(-(child.pid as number), 'SIGKILL');
      await exited;
      throw new Error('a second recorder runs on the same data');
    }
    if (code === 0) throw new Error('a second recorder on the same data ended with 0');
  }

  /** Ends the process that `restart` started, if it did. */
  async end(): Promise<void> {
    if (this.#child) await this.#kill('SIGTERM');
  }

  /** Kills the process; it may be anyone's child, so that no event reports its end. */
  async #kill(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child && child.exitCode !== null) return;
    const target = this.#target();
    const exited = child && new Promise((resolve) => child.once('exit', resolve));
    child?.ref();
    process.kill(target, signal);
    if (exited) await exited;
    else if (signal === 'SIGTERM') while (isAlive(target)) await delay(UP_POLL_MS);
  }

  #shell(command = ''): string {
    return command.replaceAll('{pid}', String(this.#known()));
  }

  /** Returns the process id or, if the kit started it, its group: shell or launcher end with it. */
  #target(): number {
    return this.#child ? -this.#known() : this.#known();
  }

  #known(): number {
    if (this.#pid === undefined) throw new Error('no process id was given');
    return this.#pid;
  }
}

function startGroup(command: string, output: 'inherit' | 'ignore' = 'inherit'): ChildProcess {
  return spawn('sh', ['-c', `exec ${command}`], {
    stdio: ['ignore', 'ignore', output],
    detached: true,
  });
}

function runShell(command: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn('sh', ['-c', command], { stdio: 'ignore' });
    child.once('error', reject);
    child.once('exit', (code) => {
      if (code === 0) resolve();
      else reject(new Error(`${command.slice(0, 40)} ended with ${code}`));
    });
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
