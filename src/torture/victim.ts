import { type ChildProcess, spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';

export interface VictimOptions {
  /** Process id of the recorder. */
  readonly pid: number | undefined;
  /** Shell command that starts the recorder in the foreground. */
  readonly restart: string | undefined;
  /** Shell command that ends a media thread; `{pid}` is the recorder's. */
  readonly crashWorker: string | undefined;
  /** Resolves once the recorder answers. */
  isUp(): Promise<boolean>;
}

const STALL_MS = 300;
const UP_POLL_MS = 20;
const UP_TIMEOUT_MS = 30_000;

/** The recorder's process, as far as the kit may lay hands on it. */
export class Victim {
  readonly #options: VictimOptions;
  #pid: number | undefined;
  #child: ChildProcess | undefined;

  constructor(options: VictimOptions) {
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

  /** The whole process stands still. */
  async stall(): Promise<void> {
    const pid = this.#target();
    process.kill(pid, 'SIGSTOP');
    try {
      await delay(STALL_MS);
    } finally {
      process.kill(pid, 'SIGCONT');
    }
  }

  /** kill -9, and up again. Rejects when it does not come back. */
  async restart(): Promise<void> {
    const { restart = '', isUp } = this.#options;
    process.kill(this.#target(), 'SIGKILL');
    const child = spawn('sh', ['-c', `exec ${restart}`], {
      stdio: ['ignore', 'ignore', 'inherit'],
      detached: true,
    });
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
    const command = (this.#options.crashWorker ?? '').replaceAll('{pid}', String(this.#known()));
    return new Promise((resolve, reject) => {
      const child = spawn('sh', ['-c', command], { stdio: 'ignore' });
      child.once('error', reject);
      child.once('exit', (code) => {
        if (code === 0) resolve();
        else reject(new Error(`the command that crashes a media thread ended with ${code}`));
      });
    });
  }

  /** Ends the process that `restart` started, if it did. */
  async end(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    child.ref();
    const exited = new Promise((resolve) => child.once('exit', resolve));
    process.kill(this.#target(), 'SIGTERM');
    await exited;
  }

  /** What the kit started itself leads a group: a shell or a launcher goes with what it began. */
  #target(): number {
    return this.#child ? -this.#known() : this.#known();
  }

  #known(): number {
    if (this.#pid === undefined) throw new Error('no process id was given');
    return this.#pid;
  }
}
