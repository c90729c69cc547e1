import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

/** What a folder of an older version holds, as that version told it. */
export interface FolderFacts {
  /** Of the program that made it. */
  readonly version: string;
  /** Length of the WAV of each recording that was kept. */
  readonly kept: Readonly<Record<string, number>>;
  readonly destroyed: readonly string[];
  /** Calls that were in progress, and paused. */
  readonly paused: readonly string[];
}

interface Packed {
  readonly facts: FolderFacts;
  /** By path: base64. */
  readonly files: Readonly<Record<string, string>>;
}

export const foldersDir = fileURLToPath(new URL('./folders/', import.meta.url));

/** Of one process alone, and not of the data. */
const passing = ['hush.lock', 'hush.owner'];

export function pack(dataDir: string, facts: FolderFacts, file: string): void {
  const names = readdirSync(dataDir, { recursive: true }) as string[];
  const paths = names.filter(
    (name) => statSync(join(dataDir, name)).isFile() && !passing.includes(name),
  );
  const files = paths.map((path) => [path, readFileSync(join(dataDir, path)).toString('base64')]);
  const packed: Packed = { facts, files: Object.fromEntries(files) };
  writeFileSync(file, gzipSync(JSON.stringify(packed), { level: 9 }));
}

/** Writes its files below `dataDir`. */
export function unpack(file: string, dataDir: string): FolderFacts {
  const { facts, files } = JSON.parse(gunzipSync(readFileSync(file)).toString()) as Packed;
  for (const [path, text] of Object.entries(files)) {
    const target = join(dataDir, path);
    mkdirSync(dirname(target), { recursive: true, mode: 0o700 });
    writeFileSync(target, Buffer.from(text, 'base64'), { mode: 0o600 });
  }
  return facts;
}
