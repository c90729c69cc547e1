import { hash } from 'node:crypto';
import type { Principal } from '../domain/model/principal.ts';

interface Verified {
  readonly principal: Principal;
  /** Unix ms */
  readonly until: number;
}

/** Recently verified tokens by their SHA-256; beyond the limit the oldest is forgotten. */
export class VerifiedTokens {
  readonly #most: number;
  readonly #byHash = new Map<string, Verified>();

  constructor(most: number) {
    this.#most = most;
  }

  get size(): number {
    return this.#byHash.size;
  }

  get(token: string, now: number): Principal | undefined {
    const verified = this.#byHash.get(keyOf(token));
    return verified && now < verified.until ? verified.principal : undefined;
  }

  set(token: string, principal: Principal, until: number): void {
    const key = keyOf(token);
    this.#byHash.delete(key);
    if (this.#byHash.size >= this.#most) {
      for (const oldest of this.#byHash.keys()) {
        this.#byHash.delete(oldest);
        break;
      }
    }
    this.#byHash.set(key, { principal, until });
  }
}

function keyOf(token: string): string {
  return hash('sha256', token, 'base64');
}
