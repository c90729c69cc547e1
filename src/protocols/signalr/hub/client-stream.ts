import type { ReadGate } from '../wire/read-gate.ts';

/**
 * A stream from client to server (hub protocol, section "Upload streaming"). At `maxItems` unread
 * items the client is no longer read: nothing is dropped, and nothing piles up.
 */
export class ClientStream implements AsyncIterable<unknown> {
  readonly #maxItems: number;
  readonly #gate: ReadGate;
  #items: unknown[] = [];
  #ended = false;
  #error: Error | undefined;
  #stalling = false;
  #wake: (() => void) | undefined;

  constructor(maxItems: number, gate: ReadGate) {
    this.#maxItems = maxItems;
    this.#gate = gate;
  }

  push(item: unknown): void {
    if (this.#ended) return;
    this.#items.push(item);
    if (!this.#stalling && this.#items.length >= this.#maxItems) {
      this.#stalling = true;
      this.#gate.stall();
    }
    this.#wake?.();
  }

  /** Ends the stream: earlier items can still be read, then the reader gets `error`, if any. */
  end(error?: Error): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#error = error;
    this.#wake?.();
  }

  /** Discards the stream: the method is done with it, read or not. */
  discard(): void {
    this.end();
    this.#items = [];
    this.#release();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<unknown> {
    try {
      for (;;) {
        while (this.#items.length > 0) {
          const item = this.#items.shift();
          this.#release();
          yield item;
        }
        if (this.#error !== undefined) throw this.#error;
        if (this.#ended) return;
        await this.#arrival();
      }
    } finally {
      this.discard();
    }
  }

  #arrival(): Promise<void> {
    return new Promise((resolve) => {
      this.#wake = resolve;
    });
  }

  #release(): void {
    if (!this.#stalling || this.#items.length >= this.#maxItems) return;
    this.#stalling = false;
    this.#gate.release();
  }
}
