import { createSocket } from 'node:dgram';
import { readMarkerFrame } from '../../src/simulator/marker-audio.ts';

export const STREAMS_PER_CALL = 2;
const RTP_HEADER_BYTES = 12;

/** Numbers of the frames kept, for each stream that kept any. */
export type KeptFrames = readonly { readonly tag: number; readonly indexes: readonly number[] }[];

/** One socket per stream, and a word per call that is 1 while its frames are kept. */
export class BooleanGateMedia {
  readonly #flags: Int32Array;
  readonly #kept = new Map<number, number[]>();

  constructor(flags: Int32Array) {
    this.#flags = flags;
  }

  /** Binds the streams of all calls; resolves with their ports in the order of the calls. */
  async bind(): Promise<number[]> {
    const ports: number[] = [];
    for (let index = 0; index < this.#flags.length * STREAMS_PER_CALL; index += 1) {
      const call = Math.floor(index / STREAMS_PER_CALL);
      const socket = createSocket('udp4', (datagram) => this.#receive(call, datagram));
      await new Promise<void>((resolve) => socket.bind(0, '127.0.0.1', () => resolve()));
      ports.push(socket.address().port);
    }
    return ports;
  }

  kept(): KeptFrames {
    return [...this.#kept].map(([tag, indexes]) => ({ tag, indexes }));
  }

  #receive(call: number, datagram: Buffer): void {
    if (Atomics.load(this.#flags, call) === 0) return;
    const marker = readMarkerFrame(datagram.subarray(RTP_HEADER_BYTES));
    if (!marker) return;
    const indexes = this.#kept.get(marker.streamTag);
    if (indexes) indexes.push(marker.index);
    else this.#kept.set(marker.streamTag, [marker.index]);
  }
}
