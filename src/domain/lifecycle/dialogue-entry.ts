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

/** The result of a recording session joining its call. */
export interface Joining {
  readonly changes: InheritedChanges;
  /** Rules of all UCCs of the dialogue, including the one that joins. */
  readonly rules: UccRules;
}

/**
 * Brings a recording session into its dialogue. The first session of a call continues the commands
 * of earlier parts; each session of another UCC adds that UCC's rules.
 */
export class DialogueEntry {
  readonly #ports: DialogueEntryPorts;

  constructor(ports: DialogueEntryPorts) {
    this.#ports = ports;
  }

  /** Runs in the call's turn. @throws UccUnknownError */
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

  /** Maps the ids of earlier parts to this one. */
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

/** Parts that may have ended recently can still hold audio in memory. */
export function earlierParts(parts: readonly CallRecord[], ownId: string, now: Moment) {
  const others = parts.filter(({ id }) => id !== ownId);
  const recent = others.filter(
    ({ dialogue: { endedAt } }) => endedAt === null || leastAgeMs(endedAt, now) <= PREDECESSOR_MS,
  );
  return { ids: others.map(({ id }) => id), recent: recent.map(({ id }) => id) };
}

/** Returns false when the joining UCC waits for a Start: a recorder running by default stops. */
function mayRun({ dialogue }: CallRecord, rules: UccRules): boolean {
  return rules.useAudioRecording && (rules.recordFromStart || dialogue.startCommanded);
}
