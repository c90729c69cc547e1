import type { GapReason, ReasonChange } from '../../domain/model/gap.ts';

/** A stream that changes hands more often than this reports no further change. */
const MAX_REASON_CHANGES = 1_000;

/** Notes who kept a stream from being recorded, and when another reason took over. */
export class GapHolders {
  readonly #changes: ReasonChange[] = [];
  #last: GapReason | null;

  /** @param initial the reason that holds when the stream begins; null while it records */
  constructor(initial: GapReason | null) {
    this.#last = initial;
  }

  get changes(): readonly ReasonChange[] {
    return this.#changes;
  }

  /**
   * Notes the reason that holds now. A gap may change hands: pause and hold come and go by
   * themselves. Behind the last one the guard leaves audio out, and then nothing came.
   * @param position of now, in units of the RTP clock
   * @param guardEnd position at which the guard ends
   */
  note(reason: GapReason | null, position: number, guardEnd: number): void {
    if (this.#last !== null && reason !== this.#last) {
      this.#change(position, reason ?? 'guard');
      if (reason === null) this.#change(guardEnd, 'silence');
    }
    this.#last = reason;
  }

  /** A slower path makes the guard longer: it left audio out that came by `position`. */
  guarded(position: number): void {
    const end = this.#changes.at(-1);
    if (this.#last !== null || end?.reason !== 'silence' || position <= end.position) return;
    this.#changes[this.#changes.length - 1] = { position, reason: 'silence' };
  }

  #change(position: number, reason: GapReason): void {
    const changes = this.#changes;
    while ((changes.at(-1)?.position ?? Number.NEGATIVE_INFINITY) >= position) changes.pop();
    if (changes.length < MAX_REASON_CHANGES) changes.push({ position, reason });
  }
}
