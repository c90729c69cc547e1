import type { KeyCheck, KeyCheckStore, SealedSamples } from '../../domain/ports/key-check-store.ts';
import { KeyRing } from '../../protocols/segment/key-ring.ts';
import { identityBytes } from '../../protocols/segment/sealed-chunk.ts';
import { derivedIdentity } from '../files/derived-file.ts';
import {
  embeddedMasterKeys,
  MasterKeyError,
  type MasterKeySettings,
  masterKeyFile,
  parseMasterKey,
  readMasterKeys,
} from './master-key.ts';
import { masterKeyVault } from './vault.ts';

/** The plaintext of a key check, and its identity. */
const CHECK = Buffer.from('hush/master-key-check');
/** Samples of a store without key checks: the oldest and the newest of each kind. */
const MAX_SAMPLES = 20;

export interface KeyNotices {
  /**
   * Called when a key was made: the file and the data folder together give access to all
   * recordings.
   */
  onMade(file: string): void;
  /** Called for a store without checks, some of whose samples were sealed by other keys. */
  onUnopened(count: number): void;
}

/**
 * Returns the configured master keys, or those in the data folder, once they are proved to open
 * what the store holds. A key is made only for an empty store.
 * @throws MasterKeyError that names the key needed, and the remedy
 */
export async function openProvenKeys(
  settings: MasterKeySettings,
  store: KeyCheckStore,
  notices: KeyNotices,
): Promise<KeyRing> {
  const checks = await store.checks();
  const samples = checks.length > 0 ? [] : openersOf(await store.samples(MAX_SAMPLES));
  const isEmpty = checks.length === 0 && samples.length === 0;
  const keys = new KeyRing([
    ...readOrMade(settings, isEmpty, notices),
    ...settings.previousMasterKeys.map(parseMasterKey),
  ]);
  const what = masterKeyFile(settings) ?? 'the setting masterKey';
  for (const check of checks) if (!opens(keys, check)) throw wrongKey(what, check.keyId);
  const unopened = samples.filter((opener) => fails(() => opener(keys))).length;
  if (samples.length > 0 && unopened === samples.length) throw wrongKey(what);
  if (unopened > 0) notices.onUnopened(unopened);
  if (!checks.some(({ keyId }) => keyId === keys.currentId)) await store.save(checkOf(keys));
  return keys;
}

/** The check of the current key. */
export function checkOf(keys: KeyRing): KeyCheck {
  return { keyId: keys.currentId, sealed: keys.wrap(CHECK, CHECK) };
}

function readOrMade(settings: MasterKeySettings, isEmpty: boolean, notices: KeyNotices): Buffer[] {
  const file = masterKeyFile(settings);
  if (file === undefined) return [parseMasterKey(settings.masterKey ?? '')];
  if (!isEmpty) {
    const keys = readMasterKeys(file);
    if (keys) return keys;
    throw new MasterKeyError(
      `${file}, the master key, is missing, and the store holds what is sealed under it: put the file back from a backup, or give the key as masterKey`,
    );
  }
  const { keys, created } = embeddedMasterKeys(file);
  if (created) notices.onMade(file);
  return keys;
}

function wrongKey(what: string, keyId?: string): MasterKeyError {
  const named = keyId === undefined ? 'another key' : `the key with the id ${keyId}`;
  return new MasterKeyError(
    `${what} does not open what the store holds, which is sealed under ${named}: put that key back, or add it to previousMasterKeys`,
  );
}

function opens(keys: KeyRing, { sealed }: KeyCheck): boolean {
  return !fails(() => {
    if (!keys.unwrap(sealed, CHECK).equals(CHECK)) throw new Error('another text');
  });
}

type Opener = (keys: KeyRing) => void;

/** One per sealed item; each throws if no key of the ring opens it. */
function openersOf({ segments, derived, secrets }: SealedSamples): Opener[] {
  const opener = (wrapped: Buffer | null, identity: Buffer): Opener[] =>
    wrapped ? [(keys) => keys.unwrap(wrapped, identity).fill(0)] : [];
  return [
    ...segments.flatMap((segment) => opener(segment.wrappedKey, identityBytes(segment))),
    ...derived.flatMap((one) => opener(one.wrappedKey, derivedIdentity(one))),
    ...secrets.map(
      (sealed): Opener =>
        (keys) =>
          masterKeyVault(keys).open(sealed).fill(0),
    ),
  ];
}

function fails(attempt: () => void): boolean {
  try {
    attempt();
    return false;
  } catch {
    return true;
  }
}
