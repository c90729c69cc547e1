import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { KeyRing } from '../protocols/segment/key-ring.ts';

const KEY_BYTES = 32;
const KEY_MODE = 0o600;

export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
}

/**
 * Reads a master key of 32 bytes in hex or base64. @throws MasterKeyError, which never quotes the
 * key
 */
export function parseMasterKey(text: string): Buffer {
  const trimmed = text.trim();
  const encoding = /^[0-9a-f]{64}$/i.test(trimmed) ? 'hex' : 'base64';
  const key = Buffer.from(trimmed, encoding);
  if (key.length !== KEY_BYTES) {
    throw new MasterKeyError('the master key must be 32 bytes, in hex or base64');
  }
  return key;
}

/**
 * The master keys of embedded mode, the current one first, a line each; made once, in a file that
 * only its owner reads. `created` tells that a warning is due: who has the data folder has the
 * recordings.
 */
export function embeddedMasterKeys(file: string): { keys: Buffer[]; created: boolean } {
  try {
    const lines = readFileSync(file, 'utf8').trim().split(/\s+/);
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new MasterKeyError(`${file} is readable by others; set its mode to 0600`);
    }
    return { keys: lines.map(parseMasterKey), created: false };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
  const key = newMasterKey();
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  writeFileSync(file, textOf([key]), { mode: KEY_MODE, flag: 'wx' });
  return { keys: [key], created: true };
}

/** Puts the keys in the place of those in the file, whole and durable. */
export function writeMasterKeys(file: string, keys: readonly Buffer[]): void {
  const next = `${file}.next`;
  rmSync(next, { force: true });
  writeFileSync(next, textOf(keys), { mode: KEY_MODE, flag: 'wx', flush: true });
  renameSync(next, file);
  const folder = openSync(dirname(file), 'r');
  fsyncSync(folder);
  closeSync(folder);
}

export function newMasterKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

function textOf(keys: readonly Buffer[]): string {
  return keys.map((key) => `${key.toString('hex')}\n`).join('');
}

interface MasterKeySettings {
  readonly masterKey?: string;
  readonly previousMasterKeys: readonly string[];
  readonly dataDir: string;
}

/** Undefined where the key is configured: then Hush does not change it. */
export function masterKeyFile({ masterKey, dataDir }: MasterKeySettings): string | undefined {
  return masterKey === undefined ? join(dataDir, 'master.key') : undefined;
}

/** The configured keys, or those in the data folder, made where there are none yet. */
export function openMasterKeys(
  settings: MasterKeySettings,
  onMade: (file: string) => void,
): KeyRing {
  const { masterKey, previousMasterKeys } = settings;
  const previous = previousMasterKeys.map(parseMasterKey);
  if (masterKey !== undefined) return new KeyRing([parseMasterKey(masterKey), ...previous]);
  const file = join(settings.dataDir, 'master.key');
  const { keys, created } = embeddedMasterKeys(file);
  if (created) onMade(file);
  return new KeyRing([...keys, ...previous]);
}
