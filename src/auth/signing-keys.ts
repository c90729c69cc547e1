import { randomUUID } from 'node:crypto';
import { closeSync, fsyncSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { CompactSign, compactVerify, exportJWK, generateKeyPair, importJWK, type JWK } from 'jose';
import type { Clock } from '../domain/ports/clock.ts';

export const SIGNING_ALGORITHM = 'RS256';
const MODULUS_BITS = 2048;
/** A new key is published this long before it signs: verifiers that cache keys have it by then. */
export const PUBLISH_AHEAD_MS = 15 * 60 * 1000;

interface StoredKey {
  readonly kid: string;
  readonly signsFrom: number;
  readonly publicJwk: JWK;
  /** Removed once the key signs no more. */
  readonly privateJwk?: JWK;
}

interface StoredKeys {
  readonly tenantId: string;
  readonly keys: readonly StoredKey[];
}

export interface SigningKeysOptions {
  readonly file: string;
  readonly tenantId?: string;
  /** Period during which a key signs. */
  readonly lifetimeMs: number;
  /** Longest time for which the last token may still be used, clock skew included. */
  readonly tokenLifetimeMs: number;
  readonly clock: Clock;
}

export interface SigningKey {
  readonly kid: string;
  readonly key: CryptoKey;
}

/**
 * The embedded issuer's keys, in a file that only the owner reads.
 *
 *   published --PUBLISH_AHEAD_MS--> signs --lifetimeMs--> published --tokenLifetimeMs--> gone
 */
export class SigningKeys {
  readonly #options: SigningKeysOptions;
  #stored: StoredKeys;
  #rotation: Promise<void> | undefined;
  #signing: { readonly kid: string; readonly key: Promise<CryptoKey> } | undefined;

  private constructor(options: SigningKeysOptions, stored: StoredKeys) {
    this.#options = options;
    this.#stored = stored;
  }

  /**
   * @throws Error that names a file it cannot read: the file is never replaced without being told
   * to
   */
  static open(options: SigningKeysOptions): SigningKeys {
    const found = read(options.file);
    const tenantId = options.tenantId ?? found?.tenantId ?? randomUUID();
    const stored = { tenantId, keys: found?.keys ?? [] };
    if (stored.tenantId !== found?.tenantId) write(options.file, stored);
    return new SigningKeys(options, stored);
  }

  get tenantId(): string {
    return this.#stored.tenantId;
  }

  /**
   * Signs and verifies once with each key that signs or will sign. @throws Error that names the
   * file if the halves of a key do not match: every token would be refused
   */
  async prove(): Promise<void> {
    for (const { kid, publicJwk, privateJwk } of this.#stored.keys) {
      if (privateJwk && !(await fits(publicJwk, privateJwk))) {
        throw new Error(
          `${this.#options.file}: the key ${kid} does not verify what it signs: restore the ` +
            'file, or delete it and all tokens with it',
        );
      }
    }
  }

  async current(): Promise<SigningKey> {
    await this.#rotate();
    const now = this.#options.clock.now();
    const key = this.#stored.keys.findLast(({ signsFrom }) => signsFrom <= now);
    if (!key?.privateJwk) throw new Error('there is no key to sign with');
    if (this.#signing?.kid !== key.kid) {
      const imported = importJWK(key.privateJwk, SIGNING_ALGORITHM) as Promise<CryptoKey>;
      this.#signing = { kid: key.kid, key: imported };
    }
    return { kid: key.kid, key: await this.#signing.key };
  }

  /** Returns the public keys (RFC 7517 section 5). */
  async published(): Promise<{ keys: JWK[] }> {
    await this.#rotate();
    return { keys: this.#stored.keys.map(({ publicJwk }) => publicJwk) };
  }

  /** Rotates keys; concurrent requests share one rotation. */
  async #rotate(): Promise<void> {
    while (this.#isDue()) {
      this.#rotation ??= this.#advance().finally(() => {
        this.#rotation = undefined;
      });
      await this.#rotation;
    }
  }

  #isDue(): boolean {
    const { keys } = this.#stored;
    const newest = keys.at(-1);
    if (!newest || this.#needsSuccessor(newest)) return true;
    return keys.some((key, index) => this.#isSpent(key, keys[index + 1]));
  }

  #needsSuccessor({ signsFrom }: StoredKey): boolean {
    const { clock, lifetimeMs } = this.#options;
    return clock.now() >= signsFrom + lifetimeMs - PUBLISH_AHEAD_MS;
  }

  /**
   * True once its successor signs, and its private half goes; and once its last token has ended.
   */
  #isSpent(key: StoredKey, successor: StoredKey | undefined): boolean {
    if (!successor || successor.signsFrom > this.#options.clock.now()) return false;
    return key.privateJwk !== undefined || this.#isOver(successor);
  }

  #isOver(successor: StoredKey): boolean {
    const { clock, tokenLifetimeMs } = this.#options;
    return clock.now() >= successor.signsFrom + tokenLifetimeMs;
  }

  async #advance(): Promise<void> {
    const keys: StoredKey[] = [];
    for (const [index, key] of this.#stored.keys.entries()) {
      const successor = this.#stored.keys[index + 1];
      if (!successor || !this.#isSpent(key, successor)) keys.push(key);
      else if (!this.#isOver(successor)) keys.push(withoutPrivateHalf(key));
    }
    const newest = keys.at(-1);
    if (!newest || this.#needsSuccessor(newest)) keys.push(await this.#makeKey(newest));
    const stored = { ...this.#stored, keys };
    write(this.#options.file, stored);
    this.#stored = stored;
  }

  /** Makes a key; the first one, and one after a long standstill, signs at once. */
  async #makeKey(predecessor: StoredKey | undefined): Promise<StoredKey> {
    const { clock, lifetimeMs } = this.#options;
    const pair = await generateKeyPair(SIGNING_ALGORITHM, {
      modulusLength: MODULUS_BITS,
      extractable: true,
    });
    const kid = randomUUID();
    const now = clock.now();
    const publicJwk = { ...(await exportJWK(pair.publicKey)), kid, alg: SIGNING_ALGORITHM };
    return {
      kid,
      signsFrom: predecessor ? Math.max(now, predecessor.signsFrom + lifetimeMs) : now,
      publicJwk: { ...publicJwk, use: 'sig' },
      privateJwk: await exportJWK(pair.privateKey),
    };
  }
}

async function fits(publicJwk: JWK, privateJwk: JWK): Promise<boolean> {
  try {
    const text = new TextEncoder().encode('hush');
    const signed = await new CompactSign(text)
      .setProtectedHeader({ alg: SIGNING_ALGORITHM })
      .sign(await importJWK(privateJwk, SIGNING_ALGORITHM));
    await compactVerify(signed, await importJWK(publicJwk, SIGNING_ALGORITHM));
    return true;
  } catch {
    return false;
  }
}

function withoutPrivateHalf({ kid, signsFrom, publicJwk }: StoredKey): StoredKey {
  return { kid, signsFrom, publicJwk };
}

function read(file: string): StoredKeys | undefined {
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw cause;
  }
  try {
    const stored = JSON.parse(text) as StoredKeys;
    if (typeof stored.tenantId === 'string' && Array.isArray(stored.keys)) return stored;
  } catch {
    // Reported below, without the text: it holds private keys.
  }
  throw new Error(`${file} is no key file of Hush: mend it, or delete it and all tokens with it`);
}

/** Replaces the file atomically. */
function write(file: string, stored: StoredKeys): void {
  const temporary = `${file}.new`;
  const handle = openSync(temporary, 'w', 0o600);
  try {
    writeSync(handle, `${JSON.stringify(stored, null, 2)}\n`);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  renameSync(temporary, file);
}
