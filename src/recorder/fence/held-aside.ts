import type { Frame } from '../segment/frame.ts';

/**
 * Frames read while the gate was closing, held aside in memory, and only there, until their
 * stream's marker is read: nobody knows before on which side of the command they lie.
 */
export class HeldAside {
  readonly #maxPackets: number;
  #frames: Frame[] = [];

  constructor(maxPackets: number) {
    this.#maxPackets = maxPackets;
  }

  /** Copies the frame; false when there is no room for it. */
  add(frame: Readonly<Frame>): boolean {
    if (this.#frames.length >= this.#maxPackets) return false;
    const { data, start, end, samples } = frame.packet;
    const audio = Buffer.from(data.subarray(start, end));
    const packet = { data: audio, start: 0, end: audio.length, samples };
    this.#frames.push({ ...frame, packet });
    return true;
  }

  /** They came before the command: `keep` gets each of them, in order. */
  release(keep: (frame: Frame) => void): void {
    for (const frame of this.#frames) {
      keep(frame);
      frame.packet.data.fill(0);
    }
    this.#frames = [];
  }

  /** Overwrites and forgets them; tells how many they were. */
  erase(): number {
    const count = this.#frames.length;
    for (const { packet } of this.#frames) packet.data.fill(0);
    this.#frames = [];
    return count;
  }
}
