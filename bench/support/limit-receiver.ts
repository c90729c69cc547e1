import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { temporaryFolder } from '../../test/support/hush/hush.ts';

const source = fileURLToPath(new URL('limit-receiver.c', import.meta.url));

/** A receiver in C, compiled where the machine has a compiler. */
export class LimitReceiver {
  readonly ports: readonly number[];
  readonly #process: ChildProcess;
  readonly #folder: string;

  private constructor(process: ChildProcess, folder: string, ports: readonly number[]) {
    this.#process = process;
    this.#folder = folder;
    this.ports = ports;
  }

  /** Returns undefined, and says so, on a machine without a C compiler. */
  static async start(streams: number): Promise<LimitReceiver | undefined> {
    const folder = temporaryFolder();
    const program = join(folder, 'limit-receiver');
    const built = spawnSync('cc', ['-O2', '-o', program, source], { stdio: 'inherit' });
    if (built.status !== 0) {
      console.log('  no C compiler here: not compared with a receiver in C');
      rmSync(folder, { recursive: true, force: true });
      return undefined;
    }
    const child = spawn(program, [String(streams), folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [line] = (await once(createInterface({ input: child.stdout }), 'line')) as [string];
    const { ports } = JSON.parse(line) as { ports: number[] };
    return new LimitReceiver(child, folder, ports);
  }

  get pid(): number {
    return this.#process.pid as number;
  }

  async end(): Promise<void> {
    const exited = once(this.#process, 'exit');
    this.#process.kill('SIGKILL');
    await exited;
    rmSync(this.#folder, { recursive: true, force: true });
  }
}
