import type { StreamReceipt } from '../../domain/model/call-detail.ts';
import { FenceTimeoutError } from '../../domain/model/errors.ts';
import type { FenceReceipt } from '../../domain/ports/recorder.ts';
import type { Confirmation } from '../messages.ts';
import type { CallMarker } from './marker.ts';

/** So many are sent before the turn ends: the thread follows them while others are read. */
const EARLY_MARKERS = 16;

/** The media thread that reads a call's streams. */
export interface MarkerTarget {
  post(message: { readonly type: 'fence'; readonly markers: readonly CallMarker[] }): void;
}

interface Fence {
  readonly callId: string;
  readonly waitingFor: Set<number>;
  readonly receipts: StreamReceipt[];
  resolve(receipt: FenceReceipt): void;
  fail(why: string): void;
}

export interface FenceOptions {
  readonly timeoutMs: number;
  now(): number;
}

/**
 * Sends a call's markers to the thread that reads its streams, and waits until each stream has
 * followed its own: from then on the command is in effect on every one of them
 * (docs/decisions/0002). Commands of one turn share a message.
 */
export class FenceSender {
  readonly #options: FenceOptions;
  readonly #fences = new Map<number, Fence>();
  #unsent = new Map<MarkerTarget, CallMarker[]>();

  constructor(options: FenceOptions) {
    this.#options = options;
  }

  /**
   * @param tracks the call's streams
   * @throws FenceTimeoutError
   */
  raise(
    target: MarkerTarget,
    { callId, marker }: CallMarker,
    tracks: Iterable<number>,
  ): Promise<FenceReceipt> {
    const waitingFor = new Set(tracks);
    const asked = waitingFor.size;
    if (asked === 0) return Promise.resolve({ effectiveAt: this.#options.now(), streams: [] });
    this.#send(target, { callId, marker });
    return new Promise<FenceReceipt>((resolve, reject) => {
      const over = (): void => {
        clearTimeout(timer);
        this.#fences.delete(marker.order);
      };
      const fail = (why: string): void => {
        over();
        reject(new FenceTimeoutError(`${waitingFor.size} of ${asked} streams ${why}`));
      };
      const timer = setTimeout(() => fail('did not confirm'), this.#options.timeoutMs);
      const settle = (receipt: FenceReceipt): void => {
        over();
        resolve(receipt);
      };
      this.#fences.set(marker.order, { callId, waitingFor, receipts: [], resolve: settle, fail });
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

  /** The thread that reads the call's streams is gone: nobody will confirm. */
  fail(callId: string): void {
    for (const fence of this.#fences.values()) {
      if (fence.callId === callId) fence.fail('lost their media thread');
    }
  }

  /** Fails all fences that still wait for confirmations. */
  close(): void {
    for (const fence of this.#fences.values()) fence.fail('were closed before they confirmed');
  }

  #send(target: MarkerTarget, marker: CallMarker): void {
    if (this.#unsent.size === 0) setImmediate(() => this.flush());
    const unsent = this.#unsent.get(target);
    if (unsent) unsent.push(marker);
    else this.#unsent.set(target, [marker]);
    if (unsent && unsent.length >= EARLY_MARKERS) this.flush();
  }

  /** Sends now what waits for the turn's end: a message that follows must not overtake it. */
  flush(): void {
    const unsent = this.#unsent;
    this.#unsent = new Map();
    for (const [target, markers] of unsent) target.post({ type: 'fence', markers });
  }
}
