import type { Moment } from '../common/moment.ts';

/**
 * A dialogue is a call as the customer sees it: everything of one correlation id, across recording
 * sessions and UCCs, until none of it is in progress for `recording.inherit`. Its parts are its
 * consecutive recordings; each is a call of its own, with its own tracks and files. Commands apply
 * to the dialogue (docs/decisions/0020).
 *
 *   part 1 --(last session ends)-- seam --(next INVITE)--> part 2 -- ... --> over
 */
export interface DialoguePart {
  /** Rises with every part of the correlation id: the order of parts, independent of clocks. */
  readonly part: number;
  /** Number of the dialogue's first part. */
  readonly firstPart: number;
  /** UCCs whose recording sessions took part in this part, as `uccKey` spells them. */
  readonly uccs: readonly string[];
  /** UCCs of this part and all earlier ones: the strictest of their rules applies. */
  readonly ruledBy: readonly string[];
  /** True after a Start command: the recorder does not run only by default. */
  readonly startCommanded: boolean;
  /** End of its last recording session; null while it is in progress. */
  readonly endedAt: Moment | null;
}
