import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The processes of a PostgreSQL server, which can be frozen. */
export class ServerProcesses {
  readonly #databaseDir: string;
  readonly #frozen = new Set<number>();

  constructor(databaseDir: string) {
    this.#databaseDir = databaseDir;
  }

  /** Freezes all of them, or one. */
  freeze(pid?: number): void {
    for (const one of pid === undefined ? processesOf(this.#databaseDir) : [pid]) {
      this.#frozen.add(one);
      signal(one, 'SIGSTOP');
    }
  }

  thaw(): void {
    for (const pid of this.#frozen) signal(pid, 'SIGCONT');
    this.#frozen.clear();
  }
}

/** Returns the server's first process, and those that it has started. */
function processesOf(databaseDir: string): number[] {
  const [first = ''] = readFileSync(join(databaseDir, 'postmaster.pid'), 'utf8').split('\n');
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name) && parentOf(name) === first)
    .map(Number);
  return [Number(first), ...children];
}

function parentOf(pid: string): string | undefined {
  try {
    return /^PPid:\s+(\d+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
  } catch {
    return undefined;
  }
}

/** A session that has ended meanwhile cannot be stopped. */
function signal(pid: number, name: 'SIGSTOP' | 'SIGCONT'): void {
  try {
    process.kill(pid, name);
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ESRCH') throw cause;
  }
}
