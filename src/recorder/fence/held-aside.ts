import type { Frame } from '../segment/frame.ts';

/** Units of the RTP clock, from `position` on. */
interface DigitSpan {
  readonly position: number;
  readonly samples: number;
}

/**
 * Frames read while the gate was closing, held aside in memory, and only there, until their
 * stream's marker is read: nobody knows before on which side of the command they lie.
 */
export class HeldAside {
  readonly #maxPackets: number;
  #frames: Frame[] = [];
  /** Where digits were sent, which other packets announced meanwhile. */
  #digits: DigitSpan[] = [];

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

  addDigits(span: DigitSpan): void {
    if (this.#digits.length < this.#maxPackets) this.#digits.push(span);
  }

  /** They came before the command: `keep` gets each frame, in order, `leaveOut` each digit. */
  release(keep: (frame: Frame) => void, leaveOut: (span: DigitSpan) => void): void {
    for (const span of this.#digits) leaveOut(span);
    this.#digits = [];
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
    this.#digits = [];
    return count;
  }
}
