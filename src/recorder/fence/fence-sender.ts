import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';
import type { StreamReceipt } from '../../domain/model/call-detail.ts';
import { FenceTimeoutError } from '../../domain/model/errors.ts';
import type { FenceReceipt } from '../../domain/ports/recorder.ts';
import type { Confirmation } from '../messages.ts';
import { buildMarker, type Marker } from './marker.ts';

/** A marker that a full socket queue may have dropped is sent again this often. */
const RESEND_INTERVAL_MS = 200;

interface Fence {
  readonly waitingFor: Map<number, number>;
  readonly receipts: StreamReceipt[];
  resolve(receipt: FenceReceipt): void;
  fail(why: string): void;
}

export interface FenceOptions {
  readonly host: string;
  readonly secret: Buffer;
  readonly timeoutMs: number;
  now(): number;
}

/**
 * Sends a call's markers to its streams' sockets and waits until each stream has read its own: from
 * then on the command is in effect on every one of them (docs/decisions/0002).
 */
export class FenceSender {
  readonly #options: FenceOptions;
  readonly #socket: Socket;
  readonly #host: string;
  readonly #fences = new Map<number, Fence>();

  constructor(options: FenceOptions) {
    this.#options = options;
    const any: Record<string, string> = { '0.0.0.0': '127.0.0.1', '::': '::1' };
    this.#host = any[options.host] ?? options.host;
    this.#socket = createSocket({
      type: isIPv6(this.#host) ? 'udp6' : 'udp4',
      lookup: (hostname, _, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
    });
    // A marker that cannot be sent is a marker that is not confirmed: the timeout tells.
    this.#socket.on('error', () => {});
    this.#socket.unref();
  }

  /**
   * @param ports the call's streams: track to port
   * @throws FenceTimeoutError
   */
  raise(ports: ReadonlyMap<number, number>, marker: Marker): Promise<FenceReceipt> {
    if (ports.size === 0) return Promise.resolve({ effectiveAt: this.#options.now(), streams: [] });
    const { order } = marker;
    const datagram = buildMarker(this.#options.secret, marker);
    const waitingFor = new Map(ports);
    this.#send(datagram, waitingFor);
    const resend = setInterval(() => this.#send(datagram, waitingFor), RESEND_INTERVAL_MS);
    return new Promise<FenceReceipt>((resolve, reject) => {
      const fail = (why: string): void => {
        clearTimeout(timer);
        reject(new FenceTimeoutError(`${waitingFor.size} of ${ports.size} streams ${why}`));
      };
      const timer = setTimeout(() => fail('did not confirm'), this.#options.timeoutMs);
      const settle = (receipt: FenceReceipt): void => {
        clearTimeout(timer);
        resolve(receipt);
      };
      this.#fences.set(order, { waitingFor, receipts: [], resolve: settle, fail });
    }).finally(() => {
      clearInterval(resend);
      this.#fences.delete(order);
    });
  }

  confirm(confirmation: Confirmation): void {
    const { order, callId: _, ...receipt } = confirmation;
    const fence = this.#fences.get(order);
    if (!fence?.waitingFor.delete(receipt.track)) return;
    fence.receipts.push(receipt);
    if (fence.waitingFor.size > 0) return;
    fence.resolve({ effectiveAt: this.#options.now(), streams: fence.receipts });
  }

  /** Another order to that gate has been given: nobody will confirm the one before. */
  supersede(order: number): void {
    this.#fences.get(order)?.fail('were given another order');
  }

  /** The thread that listens at these ports is gone: nobody will confirm. */
  fail(ports: ReadonlySet<number>): void {
    for (const fence of this.#fences.values()) {
      const isLost = [...fence.waitingFor.values()].some((port) => ports.has(port));
      if (isLost) fence.fail('lost their media thread');
    }
  }

  /** Fails all fences that still wait for confirmations. */
  close(): void {
    for (const fence of this.#fences.values()) fence.fail('were closed before they confirmed');
    this.#socket.close();
  }

  #send(datagram: Buffer, ports: ReadonlyMap<number, number>): void {
    for (const port of ports.values()) this.#socket.send(datagram, port, this.#host, () => {});
  }
}
