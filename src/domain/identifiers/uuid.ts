import { randomFillSync } from 'node:crypto';

const RANDOM_BYTES = 8;
/** Many bytes at once cost hardly more than a few, and the request delays a command. */
const POOL_BYTES = 512 * RANDOM_BYTES;

/**
 * Creates UUIDs of version 7 (RFC 9562 section 5.7) that rise strictly within the process, also
 * within a millisecond and while the clock steps back: the 12 bits beside the time are a counter
 * (section 6.2).
 */
export class RisingUuids {
  #lastMs = 0;
  #count = 0;
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  /** @param now Unix ms */
  next(now: number): string {
    if (now > this.#lastMs) {
      this.#lastMs = now;
      this.#count = 0;
    } else {
      this.#count += 1;
      if (this.#count > 0xfff) {
        this.#lastMs += 1;
        this.#count = 0;
      }
    }
    const time = this.#lastMs.toString(16).padStart(12, '0');
    const count = this.#count.toString(16).padStart(3, '0');
    const random = this.#random();
    random[0] = ((random[0] ?? 0) & 0x3f) | 0x80;
    const rest = random.toString('hex');
    return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${rest.slice(0, 4)}-${rest.slice(4)}`;
  }

  /** Returns bytes that were never used before. */
  #random(): Buffer {
    if (this.#used === POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    this.#used += RANDOM_BYTES;
    return this.#pool.subarray(this.#used - RANDOM_BYTES, this.#used);
  }
}
