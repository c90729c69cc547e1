import { isWrappedBy, MASTER_KEY_ID_BYTES, masterKeyId, unwrapKey, wrapKey } from './key-wrap.ts';

/** No key of the ring opens it; the message names the key and never reveals it. */
export class SealedKeyError extends Error {
  override readonly name = 'SealedKeyError';
}

/**
 * The master key, and earlier ones under which data may still be wrapped. New data is wrapped under
 * the current key; rotation replaces it.
 */
export class KeyRing {
  #keys: readonly Buffer[];
  /** Keys that no stored data uses any more; data on its way still may. */
  readonly #retired = new Set<Buffer>();

  /** @param keys 32 bytes each, the current one first */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  /** The keys in the form that is passed to a thread. */
  get keys(): readonly Buffer[] {
    return this.#keys;
  }

  /** Keys that stored data may need: the required contents of a key file. */
  get needed(): readonly Buffer[] {
    return this.#keys.filter((key) => !this.#retired.has(key));
  }

  /** Text that names the current key without revealing it. */
  get currentId(): string {
    return masterKeyId(this.current).toString('hex');
  }

  get current(): Buffer {
    const [current] = this.#keys;
    if (!current) throw new Error('there is no master key');
    return current;
  }

  rotate(key: Buffer): void {
    this.#keys = [key, ...this.#keys];
  }

  /** Keeps only these of the earlier keys as needed. */
  retireAllBut(needed: ReadonlySet<Buffer>): void {
    for (const key of this.#keys.slice(1)) if (!needed.has(key)) this.#retired.add(key);
  }

  wrap(secret: Buffer, identity: Buffer): Buffer {
    return wrapKey(this.current, secret, identity);
  }

  /** @throws SealedKeyError if no key of the ring wrapped it for that identity */
  unwrap(wrapped: Buffer, identity: Buffer): Buffer {
    for (const key of this.#namedBy(wrapped)) {
      try {
        return unwrapKey(key, wrapped, identity);
      } catch {
        // An older release named no key in its data: one of the others may open it.
      }
    }
    const id = wrapped.subarray(0, MASTER_KEY_ID_BYTES).toString('hex');
    throw new SealedKeyError(
      this.#keys.some((key) => isWrappedBy(key, wrapped))
        ? `its key is damaged: the master key ${id} does not open it`
        : `its key is sealed under the master key ${id}, which this Hush does not have`,
    );
  }

  /** Returns the key that data is wrapped under, damaged or not; undefined: none. */
  keyOf(wrapped: Buffer, identity: Buffer): Buffer | undefined {
    const [named, ...others] = this.#namedBy(wrapped);
    if (named && isWrappedBy(named, wrapped)) return named;
    return [named, ...others].find((key) => key && opens(key, wrapped, identity));
  }

  isCurrent(wrapped: Buffer): boolean {
    return isWrappedBy(this.current, wrapped);
  }

  /** Wraps the same secret under the current key. */
  renew(wrapped: Buffer, identity: Buffer): Buffer {
    if (this.isCurrent(wrapped)) return wrapped;
    const secret = this.unwrap(wrapped, identity);
    try {
      return this.wrap(secret, identity);
    } finally {
      secret.fill(0);
    }
  }

  /** Returns the key that it names, or all keys if it names none. */
  #namedBy(wrapped: Buffer): readonly Buffer[] {
    const named = this.#keys.find((key) => isWrappedBy(key, wrapped));
    return named ? [named] : this.#keys;
  }
}

function opens(key: Buffer, wrapped: Buffer, identity: Buffer): boolean {
  try {
    unwrapKey(key, wrapped, identity).fill(0);
    return true;
  } catch {
    return false;
  }
}
