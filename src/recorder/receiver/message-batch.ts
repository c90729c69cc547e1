import type { LoadedLibc, PinnedMemory } from './libc.ts';
import { ADDRESS_BYTES } from './socket-address.ts';

/** Datagrams that one system call fetches at most. */
export const BATCH = 16;
/** Longer than any packet of a call; of a longer datagram the rest is lost, as it is foreign. */
const DATAGRAM_BYTES = 4_096;

/** The longest report that a socket sends. */
export const MAX_SENT_BYTES = 2_048;

/** `struct mmsghdr` on a 64-bit system (`recvmmsg(2)`), in bytes. */
const HEADER = {
  bytes: 64,
  name: 0,
  nameBytes: 8,
  vector: 16,
  vectors: 24,
  control: 32,
  controlBytes: 40,
  length: 56,
} as const;
/** `struct iovec`: where, and how many bytes. */
const VECTOR_BYTES = 16;
const NAME_BYTES = 32;
/** Room for a time stamp and a count (`cmsg(3)`). */
const CONTROL_BYTES = 64;
const CONTROL_HEADER_BYTES = 16;

const SOL_SOCKET = 1;
export const SO_TIMESTAMPNS = 35;
export const SO_RXQ_OVFL = 40;

/**
 * The memory in which a thread's datagrams arrive, one batch at a time, whatever the socket: the
 * system fills it, and it is read before the next batch. Nothing here is allocated per datagram.
 */
export class MessageBatch {
  /** Where the headers of the batch are. */
  readonly address: bigint;
  /** Unix ms at which the datagram that `take` took reached the system; 0: not told. */
  cameAtMs = 0;
  /** What the datagram's queue has dropped so far; -1: nothing told. */
  overflowed = -1;
  readonly names: PinnedMemory;
  readonly #headers: PinnedMemory;
  readonly #vectors: PinnedMemory;
  readonly #controls: PinnedMemory;
  readonly #data: PinnedMemory;
  /** Views of each place's bytes; most datagrams are as long as the one before. */
  readonly #views: Buffer[] = [];

  constructor({ pin }: Pick<LoadedLibc, 'pin'>) {
    this.#headers = pin(BATCH * HEADER.bytes);
    this.#vectors = pin(BATCH * VECTOR_BYTES);
    this.names = pin(BATCH * NAME_BYTES);
    this.#controls = pin(BATCH * CONTROL_BYTES);
    this.#data = pin(BATCH * DATAGRAM_BYTES);
    this.address = this.#headers.address;
    for (let place = 0; place < BATCH; place += 1) this.#layOut(place);
  }

  #layOut(place: number): void {
    const headers = this.#headers.bytes;
    const vectors = this.#vectors.bytes;
    const header = place * HEADER.bytes;
    const vector = place * VECTOR_BYTES;
    const of = (memory: PinnedMemory, bytes: number) => memory.address + BigInt(place * bytes);
    vectors.writeBigUInt64LE(of(this.#data, DATAGRAM_BYTES), vector);
    vectors.writeBigUInt64LE(BigInt(DATAGRAM_BYTES), vector + 8);
    headers.writeBigUInt64LE(of(this.names, NAME_BYTES), header + HEADER.name);
    headers.writeBigUInt64LE(of(this.#vectors, VECTOR_BYTES), header + HEADER.vector);
    headers.writeBigUInt64LE(1n, header + HEADER.vectors);
    headers.writeBigUInt64LE(of(this.#controls, CONTROL_BYTES), header + HEADER.control);
    this.#reset(place);
    this.#views.push(this.#view(place, DATAGRAM_BYTES));
  }

  /** Gives the place's room back to the system, which had shortened it to what it used. */
  #reset(place: number): void {
    const at = (place * HEADER.bytes) / 4;
    const { words } = this.#headers;
    words[at + HEADER.nameBytes / 4] = ADDRESS_BYTES;
    words[at + HEADER.controlBytes / 4] = CONTROL_BYTES;
  }

  #view(place: number, length: number): Buffer {
    const from = place * DATAGRAM_BYTES;
    return this.#data.bytes.subarray(from, from + length);
  }

  /** Offset of the sender's address in `names`. */
  nameAt(place: number): number {
    return place * NAME_BYTES;
  }

  /** Returns the datagram in that place, and notes what the system tells of it. */
  take(place: number): Buffer {
    const at = (place * HEADER.bytes) / 4;
    const { words } = this.#headers;
    const length = words[at + HEADER.length / 4] as number;
    this.#readControl(place, words[at + HEADER.controlBytes / 4] as number);
    this.#reset(place);
    const view = this.#views[place] as Buffer;
    if (view.length === length) return view;
    const other = this.#view(place, length);
    this.#views[place] = other;
    return other;
  }

  #readControl(place: number, bytes: number): void {
    this.cameAtMs = 0;
    this.overflowed = -1;
    const { words, unsigned } = this.#controls;
    const begin = (place * CONTROL_BYTES) / 4;
    const end = begin + bytes / 4;
    for (let at = begin; at + CONTROL_HEADER_BYTES / 4 <= end; ) {
      const length = words[at] as number;
      if (length < CONTROL_HEADER_BYTES) return;
      const isOurs = words[at + 2] === SOL_SOCKET;
      const type = words[at + 3];
      const data = at + CONTROL_HEADER_BYTES / 4;
      if (isOurs && type === SO_TIMESTAMPNS) {
        const seconds = (unsigned[data] as number) + (unsigned[data + 1] as number) * 2 ** 32;
        this.cameAtMs = seconds * 1000 + (unsigned[data + 2] as number) / 1e6;
      } else if (isOurs && type === SO_RXQ_OVFL) this.overflowed = unsigned[data] as number;
      at += Math.ceil(length / 8) * 2;
    }
  }
}
