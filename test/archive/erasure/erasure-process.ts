import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { ErasureRequest } from '../../../src/domain/recording/erasures.ts';
import type { ErasurePlace } from './erasure-parts.ts';
import type { Death } from './mortal.ts';

/** The task of a process, and the step at which it is killed. */
export interface ErasureTask {
  readonly place: ErasurePlace;
  readonly asked: ErasureRequest;
  readonly last: number;
  readonly when: Death;
}

/** Erases in a process of its own. False if it finished before its last step. */
export async function isKilledAt(task: ErasureTask): Promise<boolean> {
  const entry = fileURLToPath(new URL('./erasure-process-entry.ts', import.meta.url));
  const child = spawn(process.execPath, [entry, JSON.stringify(task)], {
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const [code, signal] = (await once(child, 'exit')) as [number | null, string | null];
  if (signal !== 'SIGKILL' && code !== 0) throw new Error(`ended with ${code ?? signal}`);
  return signal === 'SIGKILL';
}
