import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Client } from '../domain/model/account.ts';

interface Proven {
  /** Replaced once the client has a new secret. */
  readonly secretHash: string;
  readonly digest: Buffer;
}

/** One entry per client; the map is cleared when it holds this many. */
const MAX_CLIENTS = 10_000;

/**
 * Secrets verified before, so that a client with a costly hash waits for nobody else's. In memory,
 * under a key that ends with the process.
 */
export class ProvenSecrets {
  readonly #key = randomBytes(32);
  readonly #byClient = new Map<string, Proven>();

  has({ id, secretHash }: Client, secret: string): boolean {
    const proven = this.#byClient.get(id);
    if (proven?.secretHash !== secretHash) return false;
    return timingSafeEqual(proven.digest, this.#digest(secret));
  }

  add({ id, secretHash }: Client, secret: string): void {
    if (this.#byClient.size >= MAX_CLIENTS) this.#byClient.clear();
    this.#byClient.set(id, { secretHash, digest: this.#digest(secret) });
  }

  #digest(secret: string): Buffer {
    return createHmac('sha256', this.#key).update(secret.normalize('NFC')).digest();
  }
}
