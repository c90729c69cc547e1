import { type G711Law, g711DecodeTable } from '../protocols/wav/g711.ts';

const BLOCK_SECONDS = 0.01275;
const LOW_HZ = [697, 770, 852, 941];
const HIGH_HZ = [1209, 1336, 1477, 1633];
/** About -52 dBFS: two tones of -40 dBm0 are well above it. */
const QUIET_MEAN_SQUARE = 6_400;
const MIN_TONE_SHARE = 0.55;
/** 12 dB: 8 dB of twist, and what a tone off its frequency loses. */
const MAX_TWIST = 16;
/** A digit that lost a packet goes on with its first tone block within so many blocks. */
const RESUME_BLOCKS = 3;

/**
 * Tells where DTMF tones (ITU-T Q.23) are in a stream, never which: only the strongest of each group
 * is looked at, and it is forgotten with its block. Positions are in samples.
 */
export class ToneDetector {
  readonly #onTone: (start: number, end: number) => void;
  readonly #block: Float64Array;
  readonly #low: readonly number[];
  readonly #high: readonly number[];
  #filled = 0;
  #blockStart = -1;
  #decided = 0;
  #candidate = -1;
  #inTone = false;
  #resume = 0;

  constructor(sampleRate: number, onTone: (start: number, end: number) => void) {
    this.#onTone = onTone;
    this.#block = new Float64Array(Math.round(sampleRate * BLOCK_SECONDS));
    const coefficient = (hz: number) => 2 * Math.cos((2 * Math.PI * hz) / sampleRate);
    this.#low = LOW_HZ.map(coefficient);
    this.#high = HIGH_HZ.map(coefficient);
  }

  /** Audio from here on may be the onset of a tone: it is not to be sealed yet. */
  get undecidedFrom(): number {
    if (this.#blockStart < 0) return this.#decided;
    const from = this.#candidate < 0 ? this.#blockStart : this.#candidate;
    return Math.max(this.#decided, from - this.#block.length);
  }

  /** Takes `pcm[start, end)`, the first of which is at `position`; a jump starts anew. */
  push(pcm: Int16Array, start: number, end: number, position: number): void {
    this.#follow(position);
    for (let i = start; i < end; i += 1) this.#take(pcm[i] as number);
  }

  /** As `push`, of G.711 codes. */
  pushG711(
    bytes: Uint8Array,
    start: number,
    end: number,
    { law, position }: { law: G711Law; position: number },
  ): void {
    const table = g711DecodeTable(law);
    this.#follow(position);
    for (let i = start; i < end; i += 1) this.#take(table[bytes[i] as number] as number);
  }

  /** The stream pauses or ends: what is suspicious at its end counts as a tone. */
  flush(): void {
    if (this.#blockStart < 0) return;
    const end = this.#blockStart + this.#filled;
    const suspicious = this.#inTone || this.#candidate >= 0 || this.#isTone(this.#filled);
    if (suspicious) this.#report(this.undecidedFrom, end);
    this.reset();
    this.#decided = end;
  }

  reset(): void {
    this.#block.fill(0);
    this.#filled = 0;
    this.#blockStart = -1;
    this.#candidate = -1;
    this.#inTone = false;
    this.#resume = 0;
  }

  #follow(position: number): void {
    if (this.#blockStart >= 0 && position === this.#blockStart + this.#filled) return;
    this.flush();
    this.#blockStart = position;
    this.#decided = position;
  }

  #take(sample: number): void {
    this.#block[this.#filled] = sample;
    this.#filled += 1;
    if (this.#filled === this.#block.length) this.#decide();
  }

  #decide(): void {
    const start = this.#blockStart;
    const end = start + this.#filled;
    if (!this.#isTone(this.#filled)) {
      // The tone may have ended within this block.
      if (this.#inTone) this.#report(this.#decided, end);
      if (this.#inTone) this.#resume = RESUME_BLOCKS;
      this.#inTone = false;
      this.#candidate = -1;
      this.#resume = Math.max(0, this.#resume - 1);
    } else if (this.#inTone || this.#candidate >= 0 || this.#resume > 0) {
      this.#report(this.undecidedFrom, end);
      this.#inTone = true;
      this.#candidate = -1;
    } else {
      this.#candidate = start;
    }
    this.#blockStart = end;
    this.#filled = 0;
  }

  #report(start: number, end: number): void {
    if (end <= start) return;
    this.#decided = end;
    this.#onTone(start, end);
  }

  #isTone(count: number): boolean {
    let energy = 0;
    for (let i = 0; i < count; i += 1) energy += (this.#block[i] as number) ** 2;
    if (energy < QUIET_MEAN_SQUARE * count || count === 0) return false;
    const low = this.#strongest(this.#low, count);
    const high = this.#strongest(this.#high, count);
    if (low > high * MAX_TWIST || high > low * MAX_TWIST) return false;
    return 2 * (low + high) > MIN_TONE_SHARE * energy * count;
  }

  #strongest(coefficients: readonly number[], count: number): number {
    let strongest = 0;
    for (const coefficient of coefficients) {
      let last = 0;
      let before = 0;
      for (let i = 0; i < count; i += 1) {
        const next = (this.#block[i] as number) + coefficient * last - before;
        before = last;
        last = next;
      }
      strongest = Math.max(strongest, last * last + before * before - coefficient * last * before);
    }
    return strongest;
  }
}
