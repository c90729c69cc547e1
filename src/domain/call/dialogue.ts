import { leastAgeMs, type Moment } from '../common/moment.ts';
import type { CallRecord } from '../model/call-record.ts';
import type { DialoguePart } from '../model/dialogue-part.ts';
import { uccKey } from '../model/ucc.ts';

/** Parts that ended within this time may still hold audio that a look-back reaches. */
export const PREDECESSOR_MS = 10_000;

export function firstDialoguePart(uccName: string): DialoguePart {
  const uccs = [uccKey(uccName)];
  return {
    part: 1,
    firstPart: 1,
    uccs,
    ruledBy: uccs,
    startCommanded: false,
    endedAt: null,
  };
}

/** Returns the next part of a dialogue; `own` is the part it would be as the first. */
export function nextPartOf(last: DialoguePart, own: DialoguePart): DialoguePart {
  const { part, firstPart, startCommanded } = last;
  return {
    ...own,
    // A recording of an older release has no place in a dialogue.
    part: part + 1,
    firstPart: Math.max(firstPart, 1),
    startCommanded,
    ruledBy: distinct([...own.ruledBy, ...last.ruledBy]),
  };
}

/** Returns the part after a recording session of that UCC has joined it. */
export function joinedBy(part: DialoguePart, uccName: string): DialoguePart {
  const key = uccKey(uccName);
  if (part.uccs.includes(key)) return part;
  return { ...part, uccs: [...part.uccs, key], ruledBy: distinct([...part.ruledBy, key]) };
}

/**
 * Returns true when the record's dialogue is over. In doubt, as after a boot, it is not: a pause
 * stays in force.
 */
export function isOver(last: CallRecord, now: Moment, limits: { readonly inheritMs: number }) {
  const { endedAt } = last.dialogue;
  return endedAt !== null && leastAgeMs(endedAt, now) > limits.inheritMs;
}

/** Returns the parts of one dialogue, the first one first. */
export function partsInOrder(records: readonly CallRecord[], firstPart: number): CallRecord[] {
  return records
    .filter(({ dialogue }) => dialogue.firstPart === firstPart)
    .sort((a, b) => a.dialogue.part - b.dialogue.part);
}

function distinct(names: readonly string[]): string[] {
  return [...new Set(names)];
}
