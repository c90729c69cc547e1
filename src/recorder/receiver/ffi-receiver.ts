import { isIPv6 } from 'node:net';
import { Rotation } from '../rotation.ts';
import { ArrivalClock } from './arrival-clock.ts';
import type { DescriptorTable } from './descriptor-table.ts';
import { FfiSocket, look, OPTION_BYTES, type SharedState } from './ffi-socket.ts';
import { type LoadedLibc, loadLibc } from './libc.ts';
import type {
  MediaReceiver,
  MediaSocket,
  OnDatagram,
  ReceiverOptions,
  Traffic,
} from './media-receiver.ts';
import { BATCH, MAX_SENT_BYTES, MessageBatch } from './message-batch.ts';
import { AF_INET, AF_INET6, SocketAddresses } from './socket-address.ts';

/** Every socket is read this often: where many are open, several packets wait by then. */
const LEAST_CYCLE_MS = 20;
const MOST_CYCLE_MS = 60;
const SOCKETS_PER_CYCLE_MS = 4;
const CONTROL_CYCLE_MS = 250;
/** Sockets that one turn reads when it is on time. */
const SLICE = 64;
/** After that long a turn ends, so that a command gets its turn. */
const TURN_MS = 1.5;
/** Of one socket, so that a flood of one does not hold up the others. */
const MAX_BATCHES = 8;
/** The time is looked at once for so many sockets. */
const SOCKETS_PER_LOOK = 8;

/**
 * Reads sockets in batches, by system calls of its own (docs/decisions/0028). No event tells that
 * datagrams wait: each socket is read in turn, on a cycle. The kernel's time stamps tell when each
 * one arrived, so that neither the cycle nor a stall of the thread blurs it.
 */
export class FfiReceiver implements MediaReceiver {
  readonly #options: ReceiverOptions;
  readonly #shared: SharedState;
  readonly #media = new Rotation<FfiSocket>((count) =>
    Math.min(MOST_CYCLE_MS, LEAST_CYCLE_MS + count / SOCKETS_PER_CYCLE_MS),
  );
  readonly #control = new Rotation<FfiSocket>(() => CONTROL_CYCLE_MS);
  /** One turn at a time is planned, by a timer or for the end of this one. */
  #isPlanned = false;

  /** @throws Error where the C library cannot be called */
  constructor(
    options: ReceiverOptions,
    descriptors: DescriptorTable,
    loaded: LoadedLibc = loadLibc(),
  ) {
    this.#options = options;
    const { host, now } = options;
    const family = isIPv6(host) ? AF_INET6 : AF_INET;
    this.#shared = {
      ...{ libc: loaded.libc, options, descriptors },
      addresses: new SocketAddresses(loaded, family),
      batch: new MessageBatch(loaded),
      clock: new ArrivalClock(loaded, now),
      value: loaded.pin(OPTION_BYTES),
      sent: loaded.pin(MAX_SENT_BYTES),
      reading: undefined,
      lookedAtMs: now(),
      afterMs: Number.POSITIVE_INFINITY,
    };
  }

  open(traffic: Traffic, onDatagram: OnDatagram): MediaSocket {
    const rotation = traffic === 'media' ? this.#media : this.#control;
    const socket: FfiSocket = new FfiSocket(this.#shared, onDatagram, {
      onBound: () => {
        rotation.add(socket, this.#options.now());
        this.#plan();
      },
      onClosed: () => rotation.remove(socket),
    });
    return socket;
  }

  cameAfterMs(cameAtMs: number): number {
    return Math.min(cameAtMs, this.#shared.afterMs);
  }

  /** Plans the next turn, unless there is one. */
  #plan(): void {
    if (this.#isPlanned || this.#media.count + this.#control.count === 0) return;
    this.#isPlanned = true;
    const waitMs = Math.min(this.#media.intervalMs(SLICE), this.#control.intervalMs(SLICE));
    setTimeout(() => this.#turn(), waitMs).unref();
  }

  #turn(): void {
    const { now } = this.#options;
    this.#isPlanned = false;
    const begunMs = look(this.#shared);
    this.#media.owe(begunMs);
    this.#control.owe(begunMs);
    for (let count = 1; ; count += 1) {
      const socket = this.#media.take() ?? this.#control.take();
      if (!socket) {
        this.#plan();
        return;
      }
      for (let batches = 0; batches < MAX_BATCHES && socket.read() === BATCH; batches += 1);
      if (count % SOCKETS_PER_LOOK === 0 && now() - begunMs > TURN_MS) break;
    }
    // The rest of what is due, once whatever else waits has had its turn.
    this.#isPlanned = true;
    setImmediate(() => this.#turn());
  }
}
