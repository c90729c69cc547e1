import { ProtocolError } from '../codec/errors.ts';
import { type HubMessage, isTracked, MessageType } from '../codec/messages.ts';

/**
 * The client's half of stateful reconnect as we see it: counts tracked messages, drops those seen
 * before the socket was replaced, and acknowledges many at once.
 */
export class InboundSequence {
  readonly #acknowledgeDelayMs: number;
  readonly #acknowledge: (sequenceId: number) => void;
  #nextId = 1;
  #latestId = 0;
  #awaitsSequence = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(acknowledgeDelayMs: number, acknowledge: (sequenceId: number) => void) {
    this.#acknowledgeDelayMs = acknowledgeDelayMs;
    this.#acknowledge = acknowledge;
  }

  /** Requires the first message of a new socket to be its Sequence. */
  expectSequence(): void {
    this.#awaitsSequence = true;
  }

  /** Returns true for a new message. Throws ProtocolError on a gap. */
  accepts(message: HubMessage): boolean {
    if (message.type === MessageType.sequence) return this.#align(message.sequenceId);
    if (this.#awaitsSequence) return false;
    if (!isTracked(message)) return true;
    const id = this.#nextId++;
    if (id >= this.#latestId) this.#scheduleAcknowledgement();
    if (id <= this.#latestId) return false;
    this.#latestId = id;
    return true;
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #align(sequenceId: number): false {
    if (sequenceId > this.#latestId + 1 || sequenceId < 1) {
      throw new ProtocolError('Sequence ID greater than amount of messages received.');
    }
    this.#nextId = sequenceId;
    this.#awaitsSequence = false;
    return false;
  }

  #scheduleAcknowledgement(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#acknowledge(this.#latestId);
    }, this.#acknowledgeDelayMs).unref();
  }
}
