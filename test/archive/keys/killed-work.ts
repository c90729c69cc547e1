import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ErasurePlace } from '../erasure/erasure-parts.ts';

export type Work = 'erase' | 'upload' | 'export';

/** Works on a recording in a process of its own, until it is killed. */
export class KilledWork {
  readonly #child: ChildProcess;
  readonly #exited: Promise<unknown[]>;

  constructor(work: Work, place: ErasurePlace) {
    const entry = fileURLToPath(new URL('./killed-work-entry.ts', import.meta.url));
    const args = [entry, work, JSON.stringify(place)];
    this.#child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#exited = once(this.#child, 'exit');
  }

  /** Sends SIGKILL as soon as its output, or its files, show the progress. */
  async killedWhen(isReached: () => boolean): Promise<void> {
    let said = '';
    this.#child.stdout?.on('data', (piece: Buffer) => {
      said += piece.toString();
    });
    while (!isReached() && !said.includes('under way')) {
      if (this.#child.exitCode !== null) throw new Error('it was done before it could be killed');
      await new Promise((resolve) => setImmediate(resolve));
    }
    this.#child.kill('SIGKILL');
    const [code, signal] = await this.#exited;
    if (signal !== 'SIGKILL') throw new Error(`it ended with ${code} before it could be killed`);
  }
}
