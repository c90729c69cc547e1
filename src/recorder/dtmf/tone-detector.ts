const BLOCK_SECONDS = 0.01275;
type Coefficients = readonly [number, number, number, number];

const LOW_HZ: Coefficients = [697, 770, 852, 941];
const HIGH_HZ: Coefficients = [1209, 1336, 1477, 1633];
/** A hole this long may be a packet lost within a digit. */
const MAX_LOSS_SECONDS = 0.06;
/** About -52 dBFS: two tones of -40 dBm0 are well above it. */
const QUIET_MEAN_SQUARE = 6_400;
const MIN_TONE_SHARE = 0.55;
/** 12 dB: 8 dB of twist, plus the loss of a tone off its frequency. */
const MAX_TWIST = 16;
/** After a lost packet, a digit resumes with its first tone block within this many blocks. */
const RESUME_BLOCKS = 3;

/**
 * Finds where DTMF tones (ITU-T Q.23) are in a stream, never which: it looks only at the strongest
 * tone of each group and forgets it with the block. Positions are in samples.
 */
export class ToneDetector {
  readonly #onTone: (start: number, end: number) => void;
  readonly #block: Float64Array;
  readonly #low: Coefficients;
  readonly #high: Coefficients;
  readonly #maxLoss: number;
  #filled = 0;
  /** Energy of the block's samples so far. */
  #energy = 0;
  #blockStart = -1;
  #decided = 0;
  #candidate = -1;
  #inTone = false;
  #resume = 0;

  constructor(sampleRate: number, onTone: (start: number, end: number) => void) {
    this.#onTone = onTone;
    // Even, because two samples are processed per turn.
    this.#block = new Float64Array(2 * Math.round((sampleRate * BLOCK_SECONDS) / 2));
    this.#maxLoss = sampleRate * MAX_LOSS_SECONDS;
    this.#low = coefficients(LOW_HZ, sampleRate);
    this.#high = coefficients(HIGH_HZ, sampleRate);
  }

  /** Audio from this position on may be the onset of a tone and must not be sealed yet. */
  get undecidedFrom(): number {
    if (this.#blockStart < 0) return this.#decided;
    const from = this.#candidate < 0 ? this.#blockStart : this.#candidate;
    return Math.max(this.#decided, from - this.#block.length);
  }

  /**
   * Takes the samples that `table` gives for `codes[start, end)`, the first of which is at
   * `position`; a jump starts anew.
   */
  pushCoded(codes: Uint8Array, table: Float64Array, start: number, end: number, position: number) {
    this.#follow(position);
    const block = this.#block;
    for (let from = start; from < end; ) {
      const filled = this.#filled;
      const count = Math.min(end - from, block.length - filled);
      let energy = 0;
      for (let index = 0; index < count; index += 1) {
        const sample = table[codes[from + index] as number] as number;
        block[filled + index] = sample;
        energy += sample * sample;
      }
      this.#filledBy(count, energy);
      from += count;
    }
  }

  /** Takes `pcm[start, end)`, the first sample of which is at `position`. */
  push(pcm: Int16Array, start: number, end: number, position: number): void {
    this.#follow(position);
    const block = this.#block;
    for (let from = start; from < end; ) {
      const filled = this.#filled;
      const count = Math.min(end - from, block.length - filled);
      let energy = 0;
      for (let index = 0; index < count; index += 1) {
        const sample = pcm[from + index] as number;
        block[filled + index] = sample;
        energy += sample * sample;
      }
      this.#filledBy(count, energy);
      from += count;
    }
  }

  #filledBy(count: number, energy: number): void {
    this.#energy += energy;
    this.#filled += count;
    if (this.#filled === this.#block.length) this.#decide();
  }

  /** Ends or pauses the stream: a suspicious end counts as a tone. */
  flush(): void {
    if (this.#blockStart < 0) return;
    const end = this.#blockStart + this.#filled;
    const suspicious = this.#inTone || this.#candidate >= 0 || this.#isTone();
    if (suspicious) this.#report(this.undecidedFrom, end);
    this.reset();
    this.#decided = end;
  }

  reset(): void {
    this.#block.fill(0);
    this.#filled = 0;
    this.#energy = 0;
    this.#blockStart = -1;
    this.#candidate = -1;
    this.#inTone = false;
    this.#resume = 0;
  }

  #follow(position: number): void {
    const expected = this.#blockStart + this.#filled;
    if (this.#blockStart >= 0 && position === expected) return;
    const isLoss = position > expected && position - expected <= this.#maxLoss;
    const goesOn = isLoss && (this.#inTone || this.#resume > 0);
    this.flush();
    this.#blockStart = position;
    this.#decided = position;
    if (goesOn) this.#resume = RESUME_BLOCKS;
  }

  #decide(): void {
    const start = this.#blockStart;
    const end = start + this.#filled;
    if (!this.#isTone()) {
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
    this.#energy = 0;
  }

  #report(start: number, end: number): void {
    if (end <= start) return;
    this.#decided = end;
    this.#onTone(start, end);
  }

  /** Decides on a shortened block only if it is long enough to tell. */
  #isTone(): boolean {
    const count = this.#filled;
    if (this.#energy < QUIET_MEAN_SQUARE * count || count * 2 < this.#block.length) return false;
    const enough = 0.5 * MIN_TONE_SHARE * this.#energy * count;
    const high = strongest(this.#block, this.#high, count);
    // Speech is weak in the high group: most of it is recognised by this group alone.
    if (high * (1 + MAX_TWIST) < enough) return false;
    const low = strongest(this.#block, this.#low, count);
    if (low > high * MAX_TWIST || high > low * MAX_TWIST) return false;
    return low + high > enough;
  }
}

/**
 * Goertzel's algorithm for the four tones of a group side by side, two samples a turn, written so
 * that every value stays in a register (docs/decisions/0013).
 */
function strongest(block: Float64Array, group: Coefficients, count: number): number {
  const a = group[0];
  const b = group[1];
  const c = group[2];
  const d = group[3];
  let a1 = 0;
  let a2 = 0;
  let b1 = 0;
  let b2 = 0;
  let c1 = 0;
  let c2 = 0;
  let d1 = 0;
  let d2 = 0;
  for (let index = 0; index + 1 < count; index += 2) {
    const first = block[index] as number;
    const second = block[index + 1] as number;
    a2 = first + a * a1 - a2;
    b2 = first + b * b1 - b2;
    c2 = first + c * c1 - c2;
    d2 = first + d * d1 - d2;
    a1 = second + a * a2 - a1;
    b1 = second + b * b2 - b1;
    c1 = second + c * c2 - c1;
    d1 = second + d * d2 - d1;
  }
  return Math.max(power(a, a1, a2), power(b, b1, b2), power(c, c1, c2), power(d, d1, d2));
}

function coefficients([a, b, c, d]: Coefficients, sampleRate: number): Coefficients {
  const of = (hz: number) => 2 * Math.cos((2 * Math.PI * hz) / sampleRate);
  return [of(a), of(b), of(c), of(d)];
}

function power(coefficient: number, last: number, before: number): number {
  return last * last + before * before - coefficient * last * before;
}
