import type { EncodedMessage } from './messages.ts';

/**
 * The last messages of one connection, numbered from 1, for a client that comes back and names the
 * last one it got. Messages and bytes are limited, but the newest message is always kept.
 */
export class MessageRing {
  readonly #maxMessages: number;
  readonly #maxBytes: number;
  readonly #messages: EncodedMessage[] = [];
  #bytes = 0;
  #firstSequence = 1;

  constructor(maxMessages: number, maxBytes: number) {
    this.#maxMessages = maxMessages;
    this.#maxBytes = maxBytes;
  }

  /** 0 before the first message. */
  get lastSequence(): number {
    return this.#firstSequence + this.#messages.length - 1;
  }

  push(message: EncodedMessage): void {
    const surplus = this.#surplusWith(message.bytes);
    for (const dropped of this.#messages.splice(0, surplus)) this.#bytes -= dropped.bytes;
    this.#firstSequence += surplus;
    this.#messages.push(message);
    this.#bytes += message.bytes;
  }

  /** True if a message of this size would push out one that comes after `sequence`. */
  wouldLose(sequence: number, bytes: number): boolean {
    return this.#firstSequence + this.#surplusWith(bytes) > sequence + 1;
  }

  /** True if everything after `sequence` is still here. */
  covers(sequence: number): boolean {
    return sequence >= this.#firstSequence - 1 && sequence <= this.lastSequence;
  }

  /** Returns all messages after `sequence`, which must be covered. */
  since(sequence: number): readonly EncodedMessage[] {
    return this.#messages.slice(sequence - this.#firstSequence + 1);
  }

  clear(): void {
    this.#firstSequence += this.#messages.length;
    this.#messages.length = 0;
    this.#bytes = 0;
  }

  /** Returns how many of the oldest messages must go to make room. */
  #surplusWith(bytes: number): number {
    let total = this.#bytes + bytes;
    let surplus = 0;
    for (const message of this.#messages) {
      const count = this.#messages.length - surplus + 1;
      if (count <= this.#maxMessages && total <= this.#maxBytes) break;
      total -= message.bytes;
      surplus += 1;
    }
    return surplus;
  }
}
