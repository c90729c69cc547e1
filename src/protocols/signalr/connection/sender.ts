import type { FlushSchedule } from '../wire/outbox.ts';
import { Outbox } from '../wire/outbox.ts';
import type { Wire } from '../wire/wire.ts';
import { ReplayBuffer } from './replay-buffer.ts';

export interface SenderOptions {
  readonly schedule: FlushSchedule;
  readonly limits: {
    readonly replayBufferBytes: number;
    readonly maxBacklogBytes: number;
    readonly streamHighWaterBytes: number;
  };
  /** Called when a record was sent: no keep-alive is due. */
  onWritten(): void;
  /** Called when more than `maxBacklogBytes` waits for a client that does not read. */
  onOverflow(): void;
}

/** All output to one client: coalescing, replay, and the bound on waiting data. */
export class Sender {
  readonly #options: SenderOptions;
  readonly #outbox: Outbox;
  #replay: ReplayBuffer | undefined;
  #waiters: (() => void)[] = [];

  constructor(options: SenderOptions) {
    this.#options = options;
    this.#outbox = new Outbox(options.schedule, () => {
      options.onWritten();
      this.wake();
    });
  }

  get pendingBytes(): number {
    const kept =
      this.#outbox.wire === undefined ? this.#replay?.byteLength : this.#replay?.heldBytes;
    return this.#outbox.pendingBytes + (kept ?? 0);
  }

  /** Starts to keep tracked records until acknowledged, from the end of the handshake on. */
  startReplay(): void {
    this.#replay = new ReplayBuffer(this.#options.limits.replayBufferBytes);
  }

  /** Sends a record; `tracked`: message types 1 to 5. */
  send(record: Buffer, tracked: boolean): void {
    if (tracked && this.#replay !== undefined) {
      this.#replay.keep(record);
      this.#sendKept();
    } else {
      this.#outbox.add(record);
    }
    if (this.pendingBytes > this.#options.limits.maxBacklogBytes) this.#options.onOverflow();
  }

  flush(): void {
    this.#outbox.flush();
  }

  attach(wire: Wire): void {
    this.#outbox.wire = wire;
  }

  /** Runs after `attach` of a later socket: sends Sequence, then all unacknowledged records. */
  resend(encodeSequence: (sequenceId: number) => Buffer): void {
    if (this.#replay === undefined) return;
    this.#outbox.add(encodeSequence(this.#replay.rewind()));
    this.#sendKept();
    this.#outbox.flush();
  }

  detach(): void {
    this.#outbox.clear();
    this.#outbox.wire = undefined;
  }

  acknowledge(sequenceId: number): void {
    this.#replay?.acknowledge(sequenceId);
    this.#sendKept();
    this.wake();
  }

  /** Resolves when a stream may continue, or the connection is gone and it need not. */
  drained(): Promise<void> | undefined {
    if (this.pendingBytes < this.#options.limits.streamHighWaterBytes) return undefined;
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  wake(closed = false): void {
    if (this.#waiters.length === 0) return;
    if (!closed && this.pendingBytes >= this.#options.limits.streamHighWaterBytes) return;
    const waiters = this.#waiters;
    this.#waiters = [];
    for (const resume of waiters) resume();
  }

  #sendKept(): void {
    if (this.#replay === undefined || this.#outbox.wire === undefined) return;
    for (const record of this.#replay.takeSendable()) this.#outbox.add(record);
  }
}
