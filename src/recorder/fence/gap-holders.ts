import type { GapReason, ReasonChange } from '../../domain/model/gap.ts';

/** A stream that changes hands more often than this reports no further change. */
const MAX_REASON_CHANGES = 1_000;

export interface HolderChange {
  /** Of now, in units of the RTP clock. */
  readonly position: number;
  /** Position at which a guard ends that begins now. */
  readonly guardEnd: number;
  /** Packets of the stream lost so far. */
  readonly lost: number;
}

/** Notes who kept a stream from being recorded, and when another reason took over. */
export class GapHolders {
  readonly #changes: ReasonChange[] = [];
  #last: GapReason | null;
  /** Packets lost before the stream was asked to keep again; null once it does. */
  #lostBefore: number | null = null;

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
   */
  note(reason: GapReason | null, { position, guardEnd, lost }: HolderChange): void {
    if (this.#last !== null && reason !== this.#last) {
      this.#change(position, reason ?? 'guard');
      if (reason === null) this.#change(guardEnd, 'silence');
      this.#lostBefore = reason === null ? lost : null;
    }
    this.#last = reason;
  }

  /** A slower path makes the guard longer: it left audio out that came by `position`. */
  guarded(position: number): void {
    const end = this.#changes.at(-1);
    if (this.#last !== null || end?.reason !== 'silence' || position <= end.position) return;
    this.#changes[this.#changes.length - 1] = { position, reason: 'silence' };
  }

  /**
   * The stream keeps audio again. What came between the guard and this was lost on its way, rather
   * than never sent, if packets are missing.
   * @param lost packets by now
   */
  cameBack(lost: number): void {
    const end = this.#changes.at(-1);
    const isLoss = this.#lostBefore !== null && lost > this.#lostBefore;
    this.#lostBefore = null;
    if (!isLoss || end?.reason !== 'silence') return;
    this.#changes[this.#changes.length - 1] = { position: end.position, reason: 'loss' };
  }

  #change(position: number, reason: GapReason): void {
    const changes = this.#changes;
    while ((changes.at(-1)?.position ?? Number.NEGATIVE_INFINITY) >= position) changes.pop();
    if (changes.length < MAX_REASON_CHANGES) changes.push({ position, reason });
  }
}
