import { arch, platform } from 'node:process';

/** Names of the C library, by who makes it: GNU, then musl. */
const libraries: Readonly<Record<string, readonly string[]>> = {
  x64: ['libc.so.6', 'libc.musl-x86_64.so.1'],
  arm64: ['libc.so.6', 'libc.musl-aarch64.so.1'],
};

const signatures = {
  socket: { arguments: ['int32', 'int32', 'int32'], return: 'int32' },
  bind: { arguments: ['int32', 'pointer', 'uint32'], return: 'int32' },
  setsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'uint32'], return: 'int32' },
  getsockopt: { arguments: ['int32', 'int32', 'int32', 'pointer', 'pointer'], return: 'int32' },
  recvmmsg: { arguments: ['int32', 'pointer', 'uint32', 'int32', 'pointer'], return: 'int32' },
  sendto: {
    arguments: ['int32', 'pointer', 'uint64', 'int32', 'pointer', 'uint32'],
    return: 'int64',
  },
  close: { arguments: ['int32'], return: 'int32' },
  clock_gettime: { arguments: ['int32', 'pointer'], return: 'int32' },
  inet_pton: { arguments: ['int32', 'pointer', 'pointer'], return: 'int32' },
  inet_ntop: { arguments: ['int32', 'pointer', 'pointer', 'uint32'], return: 'pointer' },
  if_nametoindex: { arguments: ['pointer'], return: 'uint32' },
  if_indextoname: { arguments: ['uint32', 'pointer'], return: 'pointer' },
  __errno_location: { arguments: [], return: 'pointer' },
} as const;

type Ffi = typeof import('node:ffi');

/** The system calls of Linux that receiving needs (their man pages, section 2 and 3). */
export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  bind(descriptor: number, address: bigint, length: number): number;
  setsockopt(descriptor: number, level: number, option: number, value: bigint, n: number): number;
  getsockopt(descriptor: number, level: number, option: number, value: bigint, n: bigint): number;
  recvmmsg(descriptor: number, messages: bigint, count: number, flags: number, no: bigint): number;
  sendto(
    descriptor: number,
    data: bigint,
    bytes: bigint,
    flags: number,
    address: bigint,
    addressBytes: number,
  ): bigint;
  close(descriptor: number): number;
  clock_gettime(clock: number, time: bigint): number;
  inet_pton(family: number, text: bigint, address: bigint): number;
  inet_ntop(family: number, address: bigint, text: bigint, bytes: number): bigint;
  if_nametoindex(name: bigint): number;
  if_indextoname(index: number, name: bigint): bigint;
  /** Why the call before failed. */
  errno(): number;
}

/**
 * Memory that the system reads and writes by its address. Whoever keeps the address keeps this
 * object: V8 would free the memory, and the system would write to what came in its place. It comes
 * from no pool, and an `ArrayBuffer` does not move.
 */
export class PinnedMemory {
  readonly address: bigint;
  readonly bytes: Buffer;
  readonly words: Int32Array;
  readonly unsigned: Uint32Array;

  constructor(ffi: Pick<Ffi, 'getRawPointer'>, size: number) {
    const memory = new ArrayBuffer(Math.ceil(size / 8) * 8);
    this.bytes = Buffer.from(memory);
    this.words = new Int32Array(memory);
    this.unsigned = new Uint32Array(memory);
    this.address = ffi.getRawPointer(memory);
  }
}

export interface LoadedLibc {
  readonly libc: Libc;
  /** Memory that lives as long as its object. */
  pin(size: number): PinnedMemory;
}

/** @throws Error with the reason why the C library cannot be called here */
export function loadLibc(): LoadedLibc {
  const names = libraries[arch];
  if (platform !== 'linux' || !names) throw new Error(`${platform} on ${arch} is not supported`);
  const ffi = loadFfi();
  let refused: unknown;
  for (const name of names) {
    try {
      return { libc: callsOf(ffi, name), pin: (size) => new PinnedMemory(ffi, size) };
    } catch (cause) {
      refused ??= cause;
    }
  }
  throw refused;
}

function callsOf(ffi: Ffi, name: string): Libc {
  const { functions } = ffi.dlopen(name, signatures);
  // The address of this thread's own errno.
  const errnoAt = functions.__errno_location() as bigint;
  // A literal of functions, so that V8 compiles a call of one of them to the call itself.
  return {
    socket: functions.socket,
    bind: functions.bind,
    setsockopt: functions.setsockopt,
    getsockopt: functions.getsockopt,
    recvmmsg: functions.recvmmsg,
    sendto: functions.sendto,
    close: functions.close,
    clock_gettime: functions.clock_gettime,
    inet_pton: functions.inet_pton,
    inet_ntop: functions.inet_ntop,
    if_nametoindex: functions.if_nametoindex,
    if_indextoname: functions.if_indextoname,
    errno: () => ffi.getInt32(errnoAt),
  } as Libc;
}

/** Loads the module without its warning that it is experimental: Hush falls back without it. */
function loadFfi(): Ffi {
  const { emitWarning } = process;
  process.emitWarning = () => undefined;
  try {
    const ffi = process.getBuiltinModule('node:ffi') as Ffi | undefined;
    if (!ffi) throw new Error('this Node has no node:ffi, or it is disabled');
    return ffi;
  } finally {
    process.emitWarning = emitWarning;
  }
}
