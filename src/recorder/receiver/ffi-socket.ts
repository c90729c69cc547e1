import { getSystemErrorName } from 'node:util';
import type { MediaAddress } from '../intake/source-latch.ts';
import type { ArrivalClock } from './arrival-clock.ts';
import type { DescriptorTable } from './descriptor-table.ts';
import type { Libc, PinnedMemory } from './libc.ts';
import {
  type MediaSocket,
  type OnDatagram,
  QUEUE_BYTES,
  type ReceiverOptions,
} from './media-receiver.ts';
import {
  BATCH,
  MAX_SENT_BYTES,
  type MessageBatch,
  SO_RXQ_OVFL,
  SO_TIMESTAMPNS,
} from './message-batch.ts';
import { AF_INET6, type SocketAddresses } from './socket-address.ts';

const SOCK_DGRAM_NONBLOCK_CLOEXEC = 2 | 0o4000 | 0o2000000;
const SOL_SOCKET = 1;
const SO_RCVBUF = 8;
/** Nine counts of a socket's memory; what was dropped is the last (`linux/sock_diag.h`). */
const SO_MEMINFO = 55;
const MEMINFO_WORDS = 9;
/** Room for the longest option, and its length. */
export const OPTION_BYTES = (MEMINFO_WORDS + 1) * 4;
const IPPROTO_IPV6 = 41;
const IPV6_V6ONLY = 26;
const MSG_DONTWAIT = 0x40;
const EAGAIN = 11;
const EINVAL = 22;
const EMFILE = 24;
/** What was seen of the clocks and of the main thread holds for so long. */
const FRESH_MS = 3;
/** No datagram in a queue takes up less of it: the least that the kernel accounts for one. */
const LEAST_QUEUED_BYTES = 512;

/** What all sockets of a thread use, one after the other. */
export interface SharedState {
  readonly libc: Libc;
  readonly options: ReceiverOptions;
  readonly addresses: SocketAddresses;
  readonly batch: MessageBatch;
  readonly clock: ArrivalClock;
  /** Value of a socket's option, and its length behind it. */
  readonly value: PinnedMemory;
  readonly sent: PinnedMemory;
  readonly descriptors: DescriptorTable;
  /** The socket that is being read: the batch is its own meanwhile. */
  reading: FfiSocket | undefined;
  /** When this turn began to read: what it leaves in a queue came after that. */
  lookedAtMs: number;
  /** Earliest arrival of what is being read, where it may be long before it was read. */
  afterMs: number;
}

/** Looks at the clocks before sockets are read, and returns the time. */
export function look(shared: SharedState): number {
  const { options, clock } = shared;
  shared.lookedAtMs = options.now();
  clock.look();
  options.onRead(shared.lookedAtMs);
  return shared.lookedAtMs;
}

interface SocketEvents {
  onBound(): void;
  onClosed(): void;
}

/** A socket that its thread opened by itself, and reads when its turn comes or a command does. */
export class FfiSocket implements MediaSocket {
  /** Its place among those that are read in turn. */
  place = -1;
  overflowed = 0;
  readonly #shared: SharedState;
  readonly #onDatagram: OnDatagram;
  readonly #events: SocketEvents;
  #descriptor = -1;
  #tablePlace = -1;
  #maxQueued = 0;
  /** When the queue was last found empty: what is read next came after it. */
  #readAtMs = 0;
  /** The last sender, and its address as the system writes it. */
  #from: MediaAddress = { address: '', port: 0 };
  readonly #rawFrom = new Int32Array(7);

  constructor(shared: SharedState, onDatagram: OnDatagram, events: SocketEvents) {
    this.#shared = shared;
    this.#onDatagram = onDatagram;
    this.#events = events;
  }

  bind(port: number, onBound: (error?: NodeJS.ErrnoException) => void): void {
    const errno = this.#bind(port);
    if (errno === 0) {
      this.#events.onBound();
      onBound();
      return;
    }
    this.close();
    const code = getSystemErrorName(-errno);
    onBound(Object.assign(new Error(`cannot bind a media socket: ${code}`), { code }));
  }

  /** @returns 0, or the system's number of the error */
  #bind(port: number): number {
    const { libc, addresses, options, descriptors } = this.#shared;
    this.#descriptor = libc.socket(addresses.family, SOCK_DGRAM_NONBLOCK_CLOEXEC, 0);
    if (this.#descriptor < 0) return libc.errno();
    this.#tablePlace = descriptors.add(this.#descriptor);
    if (this.#tablePlace < 0) return EMFILE;
    this.#set(SOL_SOCKET, SO_TIMESTAMPNS, 1);
    this.#set(SOL_SOCKET, SO_RXQ_OVFL, 1);
    this.#set(SOL_SOCKET, SO_RCVBUF, QUEUE_BYTES);
    // As Node binds: an IPv6 socket for every address hears IPv4 too.
    if (addresses.family === AF_INET6) this.#set(IPPROTO_IPV6, IPV6_V6ONLY, 0);
    const address = addresses.write({ address: options.host, port });
    if (!address) return EINVAL;
    if (libc.bind(this.#descriptor, address.at, address.bytes) !== 0) return libc.errno();
    this.#maxQueued = this.#get(SOL_SOCKET, SO_RCVBUF) / LEAST_QUEUED_BYTES;
    this.#readAtMs = options.now();
    return 0;
  }

  send(datagram: Buffer, to: MediaAddress): void {
    const { libc, addresses, sent } = this.#shared;
    const address = addresses.write(to);
    if (this.#descriptor < 0 || !address || datagram.length > MAX_SENT_BYTES) return;
    datagram.copy(sent.bytes);
    const bytes = BigInt(datagram.length);
    libc.sendto(this.#descriptor, sent.address, bytes, MSG_DONTWAIT, address.at, address.bytes);
  }

  afterArrived(callback: () => void): void {
    const shared = this.#shared;
    if (this.#descriptor < 0) return;
    // The batch is in use. What comes until then came before the callback all the same.
    if (shared.reading) {
      setImmediate(() => this.afterArrived(callback));
      return;
    }
    look(shared);
    const readAtMs = this.#readAtMs;
    if (!this.#empty()) {
      // Whatever hinders the reading hinders the fence, which then times out.
      setImmediate(() => this.afterArrived(callback));
      return;
    }
    if (!shared.clock.isSure(readAtMs)) shared.afterMs = readAtMs;
    callback();
    shared.afterMs = Number.POSITIVE_INFINITY;
  }

  /** Reads all that waits, however much comes meanwhile; returns false where it cannot be read. */
  #empty(): boolean {
    for (let left = this.#maxQueued; left > 0; ) {
      const count = this.read();
      if (count === 0) return this.#shared.libc.errno() === EAGAIN;
      left -= count;
    }
    return true;
  }

  /** Reads what waits, up to a batch; returns how many datagrams it gave to the stream. */
  read(): number {
    const shared = this.#shared;
    const { batch, libc, clock, options, lookedAtMs } = shared;
    if (this.#descriptor < 0) return 0;
    const count = libc.recvmmsg(this.#descriptor, batch.address, BATCH, MSG_DONTWAIT, 0n);
    if (count > 0) {
      // The thread may have stood still since it looked, and the wall clock been set.
      if (options.now() - lookedAtMs > FRESH_MS) look(shared);
      const isSure = clock.isSure(this.#readAtMs);
      shared.reading = this;
      try {
        for (let place = 0; place < count; place += 1) this.#give(place, isSure);
      } finally {
        shared.reading = undefined;
        shared.afterMs = Number.POSITIVE_INFINITY;
      }
    }
    if (count < BATCH) this.#readAtMs = lookedAtMs;
    return Math.max(0, count);
  }

  countOverflowed(): number {
    const { libc, value } = this.#shared;
    value.words[MEMINFO_WORDS] = MEMINFO_WORDS * 4;
    const length = value.address + BigInt(MEMINFO_WORDS * 4);
    const isKnown =
      libc.getsockopt(this.#descriptor, SOL_SOCKET, SO_MEMINFO, value.address, length) === 0 &&
      value.words[MEMINFO_WORDS] === MEMINFO_WORDS * 4;
    if (isKnown) this.overflowed = value.unsigned[MEMINFO_WORDS - 1] as number;
    return this.overflowed;
  }

  close(): void {
    const { libc, descriptors } = this.#shared;
    const descriptor = this.#descriptor;
    if (descriptor < 0) return;
    this.#descriptor = -1;
    if (this.place >= 0) this.#events.onClosed();
    this.place = -1;
    if (this.#tablePlace >= 0) descriptors.remove(this.#tablePlace);
    libc.close(descriptor);
  }

  #give(place: number, isSure: boolean): void {
    const shared = this.#shared;
    const { batch } = shared;
    const datagram = batch.take(place);
    if (batch.overflowed >= 0) this.overflowed = batch.overflowed;
    const cameAtMs = this.#cameAtMs(isSure ? batch.cameAtMs : 0);
    this.#onDatagram(datagram, this.#sender(place), cameAtMs);
  }

  /**
   * When the datagram arrived: since the queue was last found empty, and by now.
   * @param stampedMs Unix ms; 0: not known, so that it counts as having come now
   */
  #cameAtMs(stampedMs: number): number {
    const shared = this.#shared;
    const { clock, options, lookedAtMs } = shared;
    if (stampedMs === 0) {
      shared.afterMs = this.#readAtMs;
      return options.now();
    }
    shared.afterMs = Number.POSITIVE_INFINITY;
    const cameAtMs = Math.max(this.#readAtMs, clock.of(stampedMs));
    return cameAtMs <= lookedAtMs ? cameAtMs : Math.min(cameAtMs, options.now());
  }

  /** Nearly always the sender of the datagram before. */
  #sender(place: number): MediaAddress {
    const { batch, addresses } = this.#shared;
    const { words } = batch.names;
    const at = batch.nameAt(place) / 4;
    const raw = this.#rawFrom;
    const fields = addresses.family === AF_INET6 ? 7 : 2;
    for (let field = 0; field < fields; field += 1) {
      if (raw[field] === words[at + field]) continue;
      for (let copied = 0; copied < fields; copied += 1) raw[copied] = words[at + copied] as number;
      this.#from = addresses.read(batch.names, batch.nameAt(place));
      break;
    }
    return this.#from;
  }

  #set(level: number, option: number, value: number): void {
    this.#shared.value.words[0] = value;
    this.#shared.libc.setsockopt(this.#descriptor, level, option, this.#shared.value.address, 4);
  }

  #get(level: number, option: number): number {
    const { libc, value } = this.#shared;
    value.words[1] = 4;
    libc.getsockopt(this.#descriptor, level, option, value.address, value.address + 4n);
    return value.words[0] as number;
  }
}
