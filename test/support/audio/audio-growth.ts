import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { nowMs } from '../../../src/simulator/verdict.ts';
import type { ServePlace } from '../hush/served-hush.ts';

function bytesOfAudio(at: ServePlace): number {
  const folder = join(at.folder, 'data', 'recordings');
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
}

/** Returns when the last byte of audio was written, by polling. */
export async function watchAudio(at: ServePlace, until: Promise<unknown>): Promise<number> {
  let over = false;
  void until.then(() => {
    over = true;
  });
  let [bytes, grewAt] = [bytesOfAudio(at), nowMs()];
  while (!over) {
    await delay(20);
    const now = bytesOfAudio(at);
    if (now !== bytes) grewAt = nowMs();
    bytes = now;
  }
  return grewAt;
}
