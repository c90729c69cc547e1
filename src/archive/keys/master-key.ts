import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { syncFolderNow } from '../../protocols/segment/sync-folder.ts';

const KEY_BYTES = 32;
const KEY_MODE = 0o600;

/**
 * A master key that cannot be used. The message is a sentence for an operator and quotes no key.
 */
export class MasterKeyError extends Error {
  override readonly name = 'MasterKeyError';
  readonly code = 'HUSH_MASTER_KEY';
}

/** Reads a master key of 32 bytes in hex or base64. @throws MasterKeyError */
export function parseMasterKey(text: string): Buffer {
  const trimmed = text.trim();
  if (/^[0-9a-f]{64}$/i.test(trimmed)) return Buffer.from(trimmed, 'hex');
  // Truncated hex is not base64, though its letters are.
  const isBase64 = /^[\w+/-]{43}=?$/.test(trimmed) && !/^[0-9a-f]*$/i.test(trimmed);
  const key = Buffer.from(isBase64 ? trimmed : '', 'base64');
  if (key.length !== KEY_BYTES) {
    throw new MasterKeyError('the master key must be 32 bytes, in hex or base64');
  }
  return key;
}

/**
 * Reads the master keys of embedded mode, the current one first, one per line, from a file that
 * only its owner reads. Returns undefined if there is no such file. @throws MasterKeyError
 */
export function readMasterKeys(file: string): Buffer[] | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') return undefined;
    throw new MasterKeyError(`${file}, the master key, cannot be read (${code})`);
  }
  if ((statSync(file).mode & 0o077) !== 0) {
    throw new MasterKeyError(`${file} is readable by others; set its mode to 0600`);
  }
  try {
    return text.trim().split(/\s+/).map(parseMasterKey);
  } catch {
    const what = text.trim() === '' ? 'is empty' : 'is damaged';
    throw new MasterKeyError(`${file}, the master key, ${what}: put it back from a backup`);
  }
}

/** Works as `readMasterKeys`, but makes a key if there is no such file. */
export function embeddedMasterKeys(file: string): { keys: Buffer[]; created: boolean } {
  const keys = readMasterKeys(file);
  if (keys) return { keys, created: false };
  const key = newMasterKey();
  const folder = dirname(file);
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  writeMasterKeys(file, [key]);
  syncFolderNow(dirname(folder));
  return { keys: [key], created: true };
}

/** Replaces the keys in the file, atomically and durably. */
export function writeMasterKeys(file: string, keys: readonly Buffer[]): void {
  const next = `${file}.next`;
  rmSync(next, { force: true });
  writeFileSync(next, textOf(keys), { mode: KEY_MODE, flag: 'wx', flush: true });
  renameSync(next, file);
  syncFolderNow(dirname(file));
}

export function newMasterKey(): Buffer {
  return randomBytes(KEY_BYTES);
}

function textOf(keys: readonly Buffer[]): string {
  return keys.map((key) => `${key.toString('hex')}\n`).join('');
}

export interface MasterKeySettings {
  readonly masterKey?: string;
  readonly previousMasterKeys: readonly string[];
  readonly dataDir: string;
}

/** Undefined if the key is configured: Hush does not change it then. */
export function masterKeyFile({ masterKey, dataDir }: MasterKeySettings): string | undefined {
  return masterKey === undefined ? join(dataDir, 'master.key') : undefined;
}
