import type { CallHealth } from './call-health.ts';
import type { CallStatus } from './call-status.ts';
import type { DialoguePart } from './dialogue-part.ts';
import type { GapSummary } from './gap.ts';
import type { Lease } from './lease.ts';
import type { MetadataFault } from './metadata-fault.ts';
import type { MarkingState, RecordingState, SavingState } from './recording-state.ts';

export interface Party {
  /** SIP URI or phone number as the metadata named it. */
  readonly aor: string;
  readonly name: string | null;
  readonly role: 'agent' | 'other';
}

/** A call as the store keeps it, in progress and afterwards. Times are Unix ms. */
export interface CallRecord {
  /** Names the call and its recording; a correlation id may come again in a later call. */
  readonly id: string;
  readonly correlationId: string;
  readonly uccName: string;
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
  /** False while the gate is shut but a stream has not confirmed it: Pause is then legal again. */
  readonly pauseConfirmed: boolean;
  /** False while a Start is committed that may be refused: who takes the call up leaves it shut. */
  readonly openConfirmed: boolean;
  /** Since when the contract's pause holds. */
  readonly pausedAt: number | null;
  /** Pauses of the Hush API, one per owner. */
  readonly leases: readonly Lease[];
  readonly status: CallStatus;
  /** True once the gate was open: there is, or was, audio. */
  readonly recorded: boolean;
  /** Counts every change of state. */
  readonly version: number;
  /** Sequence numbers of its first and its newest event: where to look for its history. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly beganAt: number;
  readonly endedAt: number | null;
  /** Since when the recorder has kept nothing; null while it keeps audio. */
  readonly gapStartedAt: number | null;
  readonly lengthMs: number | null;
  /** What its gap map comes to; null until it is kept. */
  readonly gaps: GapSummary | null;
  readonly parties: readonly Party[];
  /** While it lies on the recording, nothing destroys it. */
  readonly legalHold: LegalHold | null;
  /** Null until the call has ended, and of calls that an older release recorded. */
  readonly health: CallHealth | null;
  /** Its place in the dialogue that it is a part of. */
  readonly dialogue: DialoguePart;
  /** What could not be read of its metadata; null where nothing was amiss, or there was none. */
  readonly metadataIncomplete: readonly MetadataFault[] | null;
}

export interface LegalHold {
  readonly reason: string;
  /** Who placed it, as `Principal.name`. */
  readonly owner: string;
  /** Unix ms */
  readonly placedAt: number;
}
