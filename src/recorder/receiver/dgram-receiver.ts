import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import { Pulse } from '../clock/pulse.ts';
import type { MediaAddress } from '../intake/source-latch.ts';
import {
  type MediaReceiver,
  type MediaSocket,
  type OnDatagram,
  QUEUE_BYTES,
  type ReceiverOptions,
  type Traffic,
} from './media-receiver.ts';
import { buildSelfDatagram, parseSelfDatagram, SECRET_BYTES, selfSecret } from './self-datagram.ts';

/** A datagram that a full queue may have dropped is sent again this often. */
const RESEND_INTERVAL_MS = 200;

/**
 * Reads sockets as Node does, one datagram at a time, on every system. When a datagram arrived is
 * known from this thread's own pulse only: after a stall it may have come at any time since.
 */
export class DgramReceiver implements MediaReceiver {
  readonly #options: ReceiverOptions;
  readonly #secret = selfSecret(randomBytes(SECRET_BYTES));
  readonly #pulse = new Pulse();

  constructor(options: ReceiverOptions) {
    this.#options = options;
    this.#pulse.start();
  }

  open(_traffic: Traffic, onDatagram: OnDatagram): MediaSocket {
    return new DgramSocket({ ...this.#options, secret: this.#secret, onDatagram });
  }

  cameAfterMs(cameAtMs: number): number {
    return this.#pulse.cameAfterMs(cameAtMs);
  }
}

interface DgramSocketOptions extends ReceiverOptions {
  readonly secret: Buffer;
  readonly onDatagram: OnDatagram;
}

class DgramSocket implements MediaSocket {
  readonly overflowed = 0;
  readonly #options: DgramSocketOptions;
  readonly #socket: Socket;
  /** What waits for what has arrived, oldest first, by the number of its datagram. */
  readonly #waiting = new Map<number, () => void>();
  #lastNumber = 0;
  #resend: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: DgramSocketOptions) {
    this.#options = options;
    const { host, onDatagram, onRead, now, secret } = options;
    this.#socket = createSocket({
      recvBufferSize: QUEUE_BYTES,
      type: isIPv6(host) ? 'udp6' : 'udp4',
      lookup: (hostname, _, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
    });
    this.#socket.on('message', (datagram, from) => {
      const nowMs = now();
      const number = parseSelfDatagram(secret, datagram);
      if (number !== undefined) {
        this.#arrived(number);
        return;
      }
      onRead(nowMs);
      onDatagram(datagram, from, nowMs);
    });
  }

  bind(port: number, onBound: (error?: NodeJS.ErrnoException) => void): void {
    const refused = (error: NodeJS.ErrnoException): void => {
      this.close();
      onBound(error);
    };
    this.#socket.once('error', refused);
    this.#socket.bind({ port, address: this.#options.host, exclusive: true }, () => {
      this.#socket.removeListener('error', refused);
      // A socket that fails later (ICMP errors) falls silent, which the summary shows.
      this.#socket.on('error', () => {});
      onBound();
    });
  }

  send(datagram: Buffer, { address, port }: MediaAddress): void {
    // Node throws at port 0, which nothing can be sent to.
    if (this.#isClosed || port === 0) return;
    this.#socket.send(datagram, port, address, () => {});
  }

  countOverflowed(): number {
    return this.overflowed;
  }

  afterArrived(callback: () => void): void {
    this.#lastNumber = (this.#lastNumber + 1) >>> 0;
    this.#waiting.set(this.#lastNumber, callback);
    this.#sendToSelf();
    this.#resend ??= setInterval(() => this.#sendToSelf(), RESEND_INTERVAL_MS);
  }

  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    clearInterval(this.#resend);
    this.#waiting.clear();
    this.#socket.close();
  }

  #sendToSelf(): void {
    const { address, port } = this.#socket.address();
    const own: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
    const datagram = buildSelfDatagram(this.#options.secret, this.#lastNumber);
    this.send(datagram, { address: own[address] ?? address, port });
  }

  /** All that was asked for before that datagram was sent has arrived too. */
  #arrived(number: number): void {
    if (!this.#waiting.has(number)) return;
    for (const [asked, callback] of this.#waiting) {
      this.#waiting.delete(asked);
      callback();
      if (asked === number) break;
    }
    if (this.#waiting.size > 0) return;
    clearInterval(this.#resend);
    this.#resend = undefined;
  }
}
