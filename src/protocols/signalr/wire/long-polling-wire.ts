import type { ServerResponse } from 'node:http';
import { ConnectionError } from '../codec/errors.ts';
import type { Batch } from './batch.ts';
import type { Wire, WireListener } from './wire.ts';

const HEADERS = { 'Cache-Control': 'no-cache, no-store', Expires: '-1', Pragma: 'no-cache' };

export interface LongPollingLimits {
  readonly longPollTimeoutMs: number;
  readonly disconnectTimeoutMs: number;
}

/**
 * Transport protocol specification, section "Long Polling". The wire outlives its polls: output
 * written while none is parked waits for the next.
 *
 *   poll -> parked -> data: 200 | idle: 200 empty | replaced by a newer poll: 204 | closed: 204
 */
export class LongPollingWire implements Wire {
  readonly transport = 'LongPolling';
  readonly carriesBinary = true;
  readonly inherentKeepAlive = true;
  binary = false;
  readonly #limits: LongPollingLimits;
  #listener: WireListener | undefined;
  #waiting: Buffer[] = [];
  #waitingBytes = 0;
  #parked: ServerResponse | undefined;
  #timer: NodeJS.Timeout | undefined;
  #polled = false;
  #closed = false;

  constructor(limits: LongPollingLimits) {
    this.#limits = limits;
  }

  get pendingBytes(): number {
    return this.#waitingBytes;
  }

  listen(listener: WireListener): void {
    this.#listener = listener;
  }

  poll(response: ServerResponse): void {
    // A client that left while it was admitted takes no output with it.
    if (response.destroyed) return;
    this.#answerParked(204);
    this.#parked = response;
    response.once('close', () => this.#forget(response));
    if (!this.#polled) {
      // The first poll only opens the transport: clients send their handshake when it is answered.
      this.#polled = true;
      this.#answerParked(200);
    } else if (this.#waitingBytes > 0) {
      this.#deliver();
    } else if (this.#closed) {
      this.#answerParked(204);
      this.#lost();
    } else {
      this.#startTimer(this.#limits.longPollTimeoutMs, () => this.#answerParked(200));
    }
  }

  write(batch: Batch): void {
    this.#waiting.push(batch.payload);
    this.#waitingBytes += batch.payload.length;
    if (this.#parked !== undefined) this.#deliver();
  }

  /** Tells the next poll, after it has taken the waiting output. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#parked === undefined) return;
    this.#answerParked(204);
    this.#lost();
  }

  destroy(): void {
    this.#closed = true;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#answerParked(204);
    this.#lost();
  }

  pause(): void {}
  resume(): void {}

  #deliver(): void {
    const body = Buffer.concat(this.#waiting, this.#waitingBytes);
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#answerParked(200, body);
    this.#listener?.onDrain();
  }

  #answerParked(status: 200 | 204, body?: Buffer): void {
    const response = this.#parked;
    if (response === undefined) return;
    this.#parked = undefined;
    const type = status === 200 ? { 'Content-Type': 'application/octet-stream' } : {};
    response.writeHead(status, { ...HEADERS, ...type }).end(body);
    this.#awaitNextPoll();
  }

  /** Forgets a parked poll that the client or a proxy ended. */
  #forget(response: ServerResponse): void {
    if (this.#parked !== response) return;
    this.#parked = undefined;
    this.#awaitNextPoll();
  }

  #awaitNextPoll(): void {
    this.#startTimer(this.#limits.disconnectTimeoutMs, () => {
      this.#lost(new ConnectionError('The client stopped polling.'));
    });
  }

  #startTimer(delayMs: number, onTimeout: () => void): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(onTimeout, delayMs).unref();
  }

  #lost(error?: Error): void {
    clearTimeout(this.#timer);
    const listener = this.#listener;
    this.#listener = undefined;
    listener?.onLost(error);
  }
}
