import { isWrappedBy, masterKeyId, unwrapKey, wrapKey } from './key-wrap.ts';

/**
 * The master key, and those before it under which something may still be wrapped. What is wrapped
 * is wrapped under the current one; rotation puts another one in its place.
 */
export class KeyRing {
  #keys: readonly Buffer[];

  /** @param keys 32 bytes each, the current one first */
  constructor(keys: readonly Buffer[]) {
    this.#keys = keys;
  }

  /** As they cross to a thread. */
  get keys(): readonly Buffer[] {
    return this.#keys;
  }

  /** Text that names the current key without telling it. */
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

  wrap(secret: Buffer, identity: Buffer): Buffer {
    return wrapKey(this.current, secret, identity);
  }

  /** @throws where no key of the ring wrapped it for that identity */
  unwrap(wrapped: Buffer, identity: Buffer): Buffer {
    const named = this.#keys.find((key) => isWrappedBy(key, wrapped));
    if (named) return unwrapKey(named, wrapped, identity);
    for (const key of this.#keys.slice(0, -1)) {
      try {
        return unwrapKey(key, wrapped, identity);
      } catch {
        // Written by an older release, which named no key: one of the others may open it.
      }
    }
    return unwrapKey(this.#keys.at(-1) ?? this.current, wrapped, identity);
  }

  isCurrent(wrapped: Buffer): boolean {
    return isWrappedBy(this.current, wrapped);
  }

  /** The same secret under the current key. */
  renew(wrapped: Buffer, identity: Buffer): Buffer {
    if (this.isCurrent(wrapped)) return wrapped;
    const secret = this.unwrap(wrapped, identity);
    try {
      return this.wrap(secret, identity);
    } finally {
      secret.fill(0);
    }
  }
}
