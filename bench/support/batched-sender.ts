import { createRequire } from 'node:module';

/** Packets that one system call sends. */
const BATCH = 64;
const HEADER_BYTES = 64;
const VECTOR_BYTES = 16;
const ADDRESS_BYTES = 16;
const PACKET_BYTES = 256;
const AF_INET = 2;
const SOCK_DGRAM = 2;
const SOL_SOCKET = 1;
const SO_SNDBUF = 7;
const SEND_BUFFER_BYTES = 4 * 1024 * 1024;

/** Sends many packets a system call, each to a port of this host (`sendmmsg(2)`). */
export class BatchedSender {
  readonly #send: (descriptor: number, messages: bigint, count: number, flags: number) => number;
  readonly #descriptor: number;
  // The system reads all of it by its address.
  readonly #headers = Buffer.from(new ArrayBuffer(BATCH * HEADER_BYTES));
  readonly #vectors = Buffer.from(new ArrayBuffer(BATCH * VECTOR_BYTES));
  readonly #addresses = Buffer.from(new ArrayBuffer(BATCH * ADDRESS_BYTES));
  readonly #packets = Buffer.from(new ArrayBuffer(BATCH * PACKET_BYTES));
  readonly #at: bigint;
  #count = 0;

  constructor() {
    const { emitWarning } = process;
    process.emitWarning = () => undefined;
    const ffi = createRequire(import.meta.url)('node:ffi') as typeof import('node:ffi');
    process.emitWarning = emitWarning;
    const { functions } = ffi.dlopen('libc.so.6', {
      socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
      setsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32'], return: 'int32' },
      sendmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32'], return: 'int32' },
    });
    this.#send = functions.sendmmsg;
    this.#descriptor = functions.socket(AF_INET, SOCK_DGRAM, 0);
    const size = Buffer.from(new ArrayBuffer(4));
    size.writeUInt32LE(SEND_BUFFER_BYTES);
    functions.setsockopt(this.#descriptor, SOL_SOCKET, SO_SNDBUF, ffi.getRawPointer(size), 4);
    this.#at = ffi.getRawPointer(this.#headers);
    const [vectors, addresses, packets] = [
      ffi.getRawPointer(this.#vectors),
      ffi.getRawPointer(this.#addresses),
      ffi.getRawPointer(this.#packets),
    ];
    for (let place = 0; place < BATCH; place += 1) {
      const header = place * HEADER_BYTES;
      const of = (base: bigint, bytes: number) => base + BigInt(place * bytes);
      this.#headers.writeBigUInt64LE(of(addresses, ADDRESS_BYTES), header);
      this.#headers.writeUInt32LE(ADDRESS_BYTES, header + 8);
      this.#headers.writeBigUInt64LE(of(vectors, VECTOR_BYTES), header + 16);
      this.#headers.writeBigUInt64LE(1n, header + 24);
      this.#vectors.writeBigUInt64LE(of(packets, PACKET_BYTES), place * VECTOR_BYTES);
      this.#addresses.writeUInt16LE(AF_INET, place * ADDRESS_BYTES);
      this.#addresses.set([127, 0, 0, 1], place * ADDRESS_BYTES + 4);
    }
  }

  /** Adds a packet to the batch, and sends the batch when it is full. */
  add(packet: Buffer, port: number): void {
    const place = this.#count;
    packet.copy(this.#packets, place * PACKET_BYTES);
    this.#vectors.writeUInt32LE(packet.length, place * VECTOR_BYTES + 8);
    this.#addresses.writeUInt16BE(port, place * ADDRESS_BYTES + 2);
    this.#count += 1;
    if (this.#count === BATCH) this.flush();
  }

  flush(): void {
    if (this.#count > 0 && this.#send(this.#descriptor, this.#at, this.#count, 0) !== this.#count) {
      throw new Error('the system did not take a batch of packets');
    }
    this.#count = 0;
  }
}
