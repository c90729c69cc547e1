import { leastAgeMs, type Moment } from './moment.ts';
import type { CallRecord } from './records.ts';
import { uccKey } from './ucc.ts';

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

/** Parts that ended this lately may still hold audio that a look-back reaches into. */
export const PREDECESSOR_MS = 10_000;

export function firstDialoguePart(uccName: string): DialoguePart {
  const uccs = [uccKey(uccName)];
  return {
    ...{ part: 1, firstPart: 1, uccs, ruledBy: uccs },
    ...{ startCommanded: false, endedAt: null },
  };
}

/** The part that goes on with a dialogue; `own` is what it would be as the first. */
export function nextPartOf(last: DialoguePart, own: DialoguePart): DialoguePart {
  const { part, firstPart, startCommanded } = last;
  return {
    ...own,
    // A recording of an older release has no place in a dialogue.
    ...{ part: part + 1, firstPart: Math.max(firstPart, 1), startCommanded },
    ruledBy: distinct([...own.ruledBy, ...last.ruledBy]),
  };
}

/** The part once a recording session of that UCC has joined it. */
export function joinedBy(part: DialoguePart, uccName: string): DialoguePart {
  const key = uccKey(uccName);
  if (part.uccs.includes(key)) return part;
  return { ...part, uccs: [...part.uccs, key], ruledBy: distinct([...part.ruledBy, key]) };
}

/**
 * Whether the dialogue of the record is over. Where that is in doubt, as after a boot, it is not:
 * what was paused stays paused.
 */
export function isOver(last: CallRecord, now: Moment, limits: { readonly inheritMs: number }) {
  const { endedAt } = last.dialogue;
  return endedAt !== null && leastAgeMs(endedAt, now) > limits.inheritMs;
}

/** Parts of one dialogue, the first one first. */
export function partsInOrder(records: readonly CallRecord[], firstPart: number): CallRecord[] {
  return records
    .filter(({ dialogue }) => dialogue.firstPart === firstPart)
    .sort((a, b) => a.dialogue.part - b.dialogue.part);
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}
