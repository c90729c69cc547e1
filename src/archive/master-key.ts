import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

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
 * The master key of embedded mode: made once, in a file that only its owner reads. `created` tells
 * that a warning is due: who has the data folder has the recordings.
 */
export function embeddedMasterKey(file: string): { key: Buffer; created: boolean } {
  try {
    const key = parseMasterKey(readFileSync(file, 'utf8'));
    if ((statSync(file).mode & 0o077) !== 0) {
      throw new MasterKeyError(`${file} is readable by others; set its mode to 0600`);
    }
    return { key, created: false };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code !== 'ENOENT') throw cause;
  }
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  const key = randomBytes(KEY_BYTES);
  writeFileSync(file, `${key.toString('hex')}\n`, { mode: KEY_MODE, flag: 'wx' });
  return { key, created: true };
}

/** The configured key, or the one in the data folder, made where there is none yet. */
export function openMasterKey(
  { masterKey, dataDir }: { readonly masterKey?: string; readonly dataDir: string },
  onMade: (file: string) => void,
): Buffer {
  if (masterKey !== undefined) return parseMasterKey(masterKey);
  const file = join(dataDir, 'master.key');
  const { key, created } = embeddedMasterKey(file);
  if (created) onMade(file);
  return key;
}
