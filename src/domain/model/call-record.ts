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
  /** Names the call and its recording; a later call may have the same correlation id. */
  readonly id: string;
  readonly correlationId: string;
  readonly uccName: string;
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
  /** False while the gate is shut but a stream has not confirmed it: Pause is then legal again. */
  readonly pauseConfirmed: boolean;
  /**
   * False while a committed Start may be refused: a process that takes up the call leaves it shut.
   */
  readonly openConfirmed: boolean;
  /** Beginning of the contract's pause. */
  readonly pausedAt: number | null;
  /** Pauses of the Hush API, one per owner. */
  readonly leases: readonly Lease[];
  readonly status: CallStatus;
  /** True once the gate was open: there is, or was, audio. */
  readonly recorded: boolean;
  /** Counts every change of state. */
  readonly version: number;
  /** Sequence numbers of its first and newest events, which delimit its history. */
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly beganAt: number;
  readonly endedAt: number | null;
  /** Beginning of the current gap in recording; null while audio is kept. */
  readonly gapStartedAt: number | null;
  readonly lengthMs: number | null;
  /** Summary of its gap map; null until it is kept. */
  readonly gaps: GapSummary | null;
  readonly parties: readonly Party[];
  /** A recording under a legal hold cannot be destroyed. */
  readonly legalHold: LegalHold | null;
  /** Null until the call has ended, and for calls of an older release. */
  readonly health: CallHealth | null;
  /** Its place in its dialogue. */
  readonly dialogue: DialoguePart;
  /** Faults of its metadata; null when it was complete, or there was none. */
  readonly metadataIncomplete: readonly MetadataFault[] | null;
}

export interface LegalHold {
  readonly reason: string;
  /** The person who placed it, as `Principal.name`. */
  readonly owner: string;
  /** Unix ms */
  readonly placedAt: number;
}
