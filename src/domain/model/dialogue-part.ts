import type { Moment } from '../common/moment.ts';

/**
 * A dialogue is a call as the customer lives it: everything of one correlation id, across recording
 * sessions and UCCs, until none of it is in progress for `recording.inheritMs`. Its parts are the
 * recordings of it, one after the other; each is a call of its own, with its own tracks and files.
 * What is commanded is commanded of the dialogue (docs/decisions/0020).
 *
 *   part 1 --(last session ends)-- seam --(next INVITE)--> part 2 -- ... --> over
 */
export interface DialoguePart {
  /** Counts on with every part of the correlation id: the order of parts, whatever clocks say. */
  readonly part: number;
  /** Of the dialogue's first part. */
  readonly firstPart: number;
  /** UCCs whose recording sessions took part in this part, as `uccKey` spells them. */
  readonly uccs: readonly string[];
  /** UCCs of this part and of all before it: the strictest of their rules counts. */
  readonly ruledBy: readonly string[];
  /** Somebody commanded Start: the recorder does not run only because it runs by itself. */
  readonly startCommanded: boolean;
  /** When its last recording session ended; null while it is in progress. */
  readonly endedAt: Moment | null;
}
