import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { findMarkers } from '../../../src/simulator/marker-audio.ts';

/** Counts marker frames that are readable anywhere in a folder's files. */
export function markersInFolder(folder: string): number {
  let found = 0;
  for (const name of readdirSync(folder, { recursive: true }) as string[]) {
    const path = join(folder, name);
    if (!statSync(path).isFile()) continue;
    for (const _ of findMarkers(readFileSync(path))) found += 1;
  }
  return found;
}
