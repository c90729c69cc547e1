import type { Call, InheritedChanges } from '../call/call.ts';
import type { CallRegistry } from '../call/call-registry.ts';
import { isOver, joinedBy, nextPartOf, PREDECESSOR_MS } from '../call/dialogue.ts';
import { nothingInherited, statesInherited } from '../call/inheritance.ts';
import { leastAgeMs, type Moment, type Moments } from '../common/moment.ts';
import type { CallRecord } from '../model/call-record.ts';
import { UccUnknownError } from '../model/errors.ts';
import { RecordingState } from '../model/recording-state.ts';
import type { Store } from '../ports/store.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import type { UccRules } from '../ucc/ucc-rules.ts';
import type { CallSettlement } from './call-settlement.ts';

export interface DialogueEntryPorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly store: Pick<Store, 'dialogueParts'>;
  readonly settlement: Pick<CallSettlement, 'lastPart'>;
  readonly moments: Moments;
  readonly limits: { readonly inheritMs: number };
}

/** How a recording session comes to its call. */
export interface Joining {
  readonly changes: InheritedChanges;
  /** Of all UCCs of the dialogue, the one that joins included. */
  readonly rules: UccRules;
}

/**
 * Brings a recording session into its dialogue: with the first of a call what was commanded of the
 * parts before goes on, and with each of another UCC that UCC's rules count as well.
 */
export class DialogueEntry {
  readonly #ports: DialogueEntryPorts;

  constructor(ports: DialogueEntryPorts) {
    this.#ports = ports;
  }

  /** In the call's turn. @throws UccUnknownError */
  async join(call: Call, uccName: string): Promise<Joining> {
    if (call.record.version === 1) return this.#begin(call, uccName);
    const { record } = call;
    const dialogue = joinedBy(record.dialogue, uccName);
    const rules = this.#rulesOf({ dialogue });
    if (dialogue === record.dialogue) return { changes: {}, rules };
    const stops = record.recordingState === RecordingState.Started && !mayRun(record, rules);
    const recordingState = stops ? { recordingState: RecordingState.Stopped } : {};
    return { changes: { dialogue, ...recordingState }, rules };
  }

  async #begin(call: Call, uccName: string): Promise<Joining> {
    const own = joinedBy(call.record.dialogue, uccName);
    const last = await this.#ports.settlement.lastPart(call.correlationId);
    const now = this.#ports.moments.moment();
    if (!last) return { changes: { dialogue: own }, rules: this.#rulesOf({ dialogue: own }) };
    if (isOver(last, now, this.#ports.limits)) {
      const part = last.dialogue.part + 1;
      const dialogue = { ...own, part, firstPart: part };
      return { changes: { ...nothingInherited, dialogue }, rules: this.#rulesOf({ dialogue }) };
    }
    const dialogue = nextPartOf(last.dialogue, own);
    const rules = this.#rulesOf({ dialogue });
    await this.#follow(call, { ...last, dialogue }, now);
    return { changes: { ...statesInherited(last, rules), dialogue }, rules };
  }

  /** Ids of the parts before lead to this one. */
  async #follow(call: Call, next: CallRecord, now: Moment): Promise<void> {
    const parts = await this.#ports.store.dialogueParts(next);
    const { ids, recent } = earlierParts(parts, call.id, now);
    call.predecessors = recent;
    this.#ports.calls.follows(call, ids);
  }

  #rulesOf(record: Pick<CallRecord, 'dialogue'>): UccRules {
    const rules = this.#ports.uccs.rulesOf(record);
    if (!rules) throw new UccUnknownError('no UCC of the dialogue is known');
    return rules;
  }
}

/** Parts whose end is not known to be long past may still hold audio in memory. */
export function earlierParts(parts: readonly CallRecord[], ownId: string, now: Moment) {
  const others = parts.filter(({ id }) => id !== ownId);
  const recent = others.filter(
    ({ dialogue: { endedAt } }) => endedAt === null || leastAgeMs(endedAt, now) <= PREDECESSOR_MS,
  );
  return { ids: others.map(({ id }) => id), recent: recent.map(({ id }) => id) };
}

/** What runs by itself stops where a UCC joins that waits for a Start. */
function mayRun({ dialogue }: CallRecord, rules: UccRules): boolean {
  return rules.useAudioRecording && (rules.recordFromStart || dialogue.startCommanded);
}
