import type { Socket } from 'node:net';
import { type Frame, StreamFramer } from '../message/stream-framer.ts';
import type { SipLimits, SipPeer } from '../message/types.ts';
import type { TransportEvents } from './transport.ts';

/** A peer that reads more slowly than we answer is cut off at this. */
const MAX_UNSENT_BYTES = 1_048_576;
/** Time that close() allows for the last bytes to leave. */
const CLOSE_GRACE_MS = 500;
const PONG = Buffer.from('\r\n');

type Violation = Extract<Frame, { kind: 'violation' }>;

export interface ConnectionOptions {
  readonly peer: SipPeer;
  readonly limits: SipLimits;
  readonly events: TransportEvents;
  onClosed(): void;
}

/** One connection, opened by either side: framing, keep-alive, idle time, bound on writes. */
export class StreamConnection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #framer: StreamFramer;
  readonly #closed: Promise<void>;
  #idle: NodeJS.Timeout;

  constructor(socket: Socket, options: ConnectionOptions) {
    this.#socket = socket;
    this.#options = options;
    this.#framer = new StreamFramer(options.limits.maxMessageBytes);
    this.#idle = this.#startIdle();
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    // `close` follows every error, and the callbacks of unsent messages report it.
    socket.on('error', () => undefined);
    this.#closed = new Promise((resolve) => {
      socket.on('close', () => {
        clearTimeout(this.#idle);
        options.onClosed();
        resolve();
      });
    });
  }

  get usable(): boolean {
    return !this.#socket.destroyed && this.#socket.writable;
  }

  send(data: Buffer): Promise<void> {
    if (this.#socket.writableLength + data.length > MAX_UNSENT_BYTES) this.#socket.destroy();
    this.#restartIdle();
    return new Promise((resolve, reject) => {
      this.#socket.write(data, (error) => (error ? reject(error) : resolve()));
    });
  }

  async close(): Promise<void> {
    const grace = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    if (this.#socket.connecting) this.#socket.destroy();
    else this.#socket.end(() => this.#socket.destroy());
    await this.#closed;
    clearTimeout(grace);
  }

  #receive(chunk: Buffer): void {
    for (const frame of this.#framer.push(chunk)) {
      if (frame.kind === 'violation') {
        this.#break(frame);
        return;
      }
      this.#restartIdle();
      if (frame.kind === 'message') this.#options.events.onMessage(frame.data, this.#options.peer);
      else if (this.usable) this.send(PONG).catch(() => undefined);
    }
  }

  /** Answers with the reason, and closes: the next message boundary is unknown. */
  #break({ reason, head }: Violation): void {
    const { events, peer } = this.#options;
    events.onDropped(reason, peer);
    if (head !== undefined) events.onBroken(head, reason, peer);
    // Further data of the peer is read and dropped: a reset would overtake the answer.
    this.#socket.end();
    const grace = setTimeout(() => this.#socket.destroy(), CLOSE_GRACE_MS);
    this.#socket.once('close', () => clearTimeout(grace));
  }

  /** Restarts idle time for whole messages only: one byte a minute does not hold a connection. */
  #restartIdle(): void {
    clearTimeout(this.#idle);
    if (!this.#socket.destroyed) this.#idle = this.#startIdle();
  }

  #startIdle(): NodeJS.Timeout {
    return setTimeout(() => this.#socket.destroy(), this.#options.limits.tcpIdleTimeoutMs);
  }
}
