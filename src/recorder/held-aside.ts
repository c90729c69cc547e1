import type { Codec } from '../domain/records.ts';

/**
 * A frame read while the gate was closing: nobody knows yet on which side of the command it lies.
 */
export interface HeldFrame {
  readonly position: number;
  readonly sequence: number;
  readonly codec: Codec;
  readonly audio: Buffer;
}

/** Frames held aside in memory, and only there, until their stream's marker is read. */
export class HeldAside {
  readonly #maxPackets: number;
  #frames: HeldFrame[] = [];

  constructor(maxPackets: number) {
    this.#maxPackets = maxPackets;
  }

  /** Copies the frame; false when there is no room for it. */
  add(frame: HeldFrame): boolean {
    if (this.#frames.length >= this.#maxPackets) return false;
    this.#frames.push({ ...frame, audio: Buffer.from(frame.audio) });
    return true;
  }

  /** They came before the command: `keep` gets each of them, in order. */
  release(keep: (frame: HeldFrame) => void): void {
    for (const frame of this.#frames) {
      keep(frame);
      frame.audio.fill(0);
    }
    this.#frames = [];
  }

  /** Overwrites and forgets them; tells how many they were. */
  erase(): number {
    const count = this.#frames.length;
    for (const { audio } of this.#frames) audio.fill(0);
    this.#frames = [];
    return count;
  }
}
