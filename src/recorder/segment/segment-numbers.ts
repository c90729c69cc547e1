import { readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** Returns, per track, the number after the highest of any file of the call: none is used twice. */
export async function nextSegments(
  recordingsDir: string,
  callId: string,
): Promise<Map<number, number>> {
  const next = new Map<number, number>();
  for (const name of await readdir(join(recordingsDir, callId))) {
    const [, track, segment] = /^(\d+)-(\d+)\.seg$/.exec(name) ?? [];
    if (track === undefined || segment === undefined) continue;
    const number = Math.max(next.get(Number(track)) ?? 0, Number(segment) + 1);
    next.set(Number(track), number);
  }
  return next;
}
