import type { ShadowDigits } from './digit-shadow.ts';

/** Unix ms have this many digits, and begin with 1 until 2033. */
const TIME_DIGITS = 13;
/** Shorter groups hold no end of a number with other digits attached. */
const MIN_GLUED_DIGITS = 5;
const HEAD_DIGITS = 4;

/** Connected digits of a text, in groups without separators. Indexes count from the first. */
export class DigitRun {
  readonly length: number;
  readonly #digits: ShadowDigits;
  readonly #offset: number;
  /** Per digit: beginning and end of its group. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  /** Sums of the digits before an index, those at even, or at odd, indexes doubled. */
  readonly #even: Int32Array;
  readonly #odd: Int32Array;

  constructor(digits: ShadowDigits, first: number, end: number) {
    this.length = end - first;
    this.#digits = digits;
    this.#offset = first;
    this.#starts = new Int32Array(this.length);
    this.#ends = new Int32Array(this.length);
    this.#even = new Int32Array(this.length + 1);
    this.#odd = new Int32Array(this.length + 1);
    this.#group();
    this.#add();
  }

  /** Returns the first four digits from there on, as a number. */
  head(first: number): number {
    let head = 0;
    for (let index = first; index < first + HEAD_DIGITS; index += 1)
      head = 10 * head + this.#at(index);
    return head;
  }

  groupStart(index: number): number {
    return this.#starts[index] ?? index;
  }

  groupEnd(index: number): number {
    return this.#ends[index] ?? index + 1;
  }

  /** Returns the kind of digits before it in its group. */
  startAt(first: number): 'group' | 'zeros' | 'glued' {
    const start = this.groupStart(first);
    if (start === first) return 'group';
    for (let index = start; index < first; index += 1) if (this.#at(index) !== 0) return 'glued';
    return 'zeros';
  }

  /** Returns false for short groups, and times: names of owners and requests contain them. */
  mayBeGlued(index: number): boolean {
    const start = this.groupStart(index);
    const length = this.groupEnd(index) - start;
    return length >= MIN_GLUED_DIGITS && !(length === TIME_DIGITS && this.#at(start) === 1);
  }

  /** True when the check digit of ISO/IEC 7812-1 annex B is correct. */
  isChecked(first: number, end: number): boolean {
    const sums = end % 2 === 0 ? this.#even : this.#odd;
    return ((sums[end] ?? 0) - (sums[first] ?? 0)) % 10 === 0;
  }

  /** Returns their place in the text. */
  span(first: number, end: number): { readonly from: number; readonly to: number } {
    const { from, to } = this.#digits;
    return { from: from[this.#offset + first] ?? 0, to: to[this.#offset + end - 1] ?? 0 };
  }

  #at(index: number): number {
    return this.#digits.values[this.#offset + index] ?? 0;
  }

  #group(): void {
    for (let start = 0; start < this.length; ) {
      let end = start + 1;
      while (end < this.length && this.#digits.gaps[this.#offset + end] === 0) end += 1;
      this.#starts.fill(start, start, end);
      this.#ends.fill(end, start, end);
      start = end;
    }
  }

  #add(): void {
    for (let index = 0; index < this.length; index += 1) {
      const value = this.#at(index);
      const twice = value > 4 ? 2 * value - 9 : 2 * value;
      const isEven = index % 2 === 0;
      this.#even[index + 1] = (this.#even[index] ?? 0) + (isEven ? twice : value);
      this.#odd[index + 1] = (this.#odd[index] ?? 0) + (isEven ? value : twice);
    }
  }
}
