import { SerialQueue } from '../common/serial-queue.ts';
import type { CallRecord, LegalHold } from '../model/call-record.ts';
import type { GapReason, GapSummary } from '../model/gap.ts';
import type { MediaAgreement } from '../model/media-agreement.ts';
import {
  MarkingState as Marking,
  type MarkingState,
  RecordingState as Recording,
  type RecordingState,
  SavingState as Saving,
  type SavingState,
} from '../model/recording-state.ts';
import type { StreamPresence } from '../model/stream-presence.ts';
import type { TrackRecord } from '../model/track.ts';
import type { TrackBeginning } from '../ports/recorder.ts';
import { firstDialoguePart } from './dialogue.ts';

/** One media stream of a call: it keeps its track for as long as the call lives. */
export interface CallStream {
  readonly track: number;
  readonly sessionId: string;
  readonly label: string;
  /** Address of record of the speaker, if the client has named one. */
  aor: string | null;
  role: 'agent' | 'other';
  mixed: boolean;
  readonly clockRate: number;
  suppressDtmf: boolean;
  agreed: MediaAgreement;
  held: boolean;
  presence: StreamPresence;
  /** RTP port; the same after a restart. */
  readonly port: number;
  /** Set with its first packet. */
  began: TrackBeginning | undefined;
  /** What a process told of it that had it before. */
  readonly told: ToldTrack;
}

/** What is known of a track once its stream has been closed. */
export type ToldTrack = Pick<
  TrackRecord,
  'endPosition' | 'reasonChanges' | 'packets' | 'clockWrongMs'
>;

/** The fields of a record that commands, pauses and the fence change. */
export type ControlChanges = Partial<
  Pick<CallRecord, 'recordingState' | 'pauseConfirmed' | 'recorded' | 'leases' | 'dialogue'>
>;

/** The fields that a part inherits from the dialogue that it continues. */
export type InheritedChanges = ControlChanges &
  Partial<Pick<CallRecord, 'markingState' | 'savingState'>>;

/** The fields that metadata sets. */
export type Described = Pick<CallRecord, 'parties' | 'metadataIncomplete'>;

type DestroyedChanges = Pick<CallRecord, 'status'> &
  Partial<Pick<CallRecord, 'savingState' | 'health'>>;

/** The three states that a contract answer shows. */
export interface CallState {
  readonly recordingState: RecordingState;
  readonly markingState: MarkingState;
  readonly savingState: SavingState;
}

/**
 * A call in progress. The gate is the call's, not a stream's: audio is kept only while the recorder
 * is Started and the pause set is empty. Everything that changes a call goes through its queue.
 *
 * The pause set has `api` (the contract's pause), each lease of the Hush API, and `hold` (the
 * client's own): no one of them lifts another's.
 */
export class Call {
  readonly queue = new SerialQueue();
  readonly streams = new Map<number, CallStream>();
  /** Recording sessions (SIP dialogs) that carry this call's media. */
  readonly sessions = new Set<string>();
  /** The recorder lost the call's streams: contract answers say that it is not available. */
  failed = false;
  /** A media stream has been offered, by this process or by the one before a restart. */
  mediaOffered = false;
  /** Audio younger than this is held in memory, for as long as the call lives. */
  lookbackMs = 0;
  /** Parts of the dialogue that ended lately: a look-back may reach into what they hold. */
  predecessors: readonly string[] = [];
  /** Counts the media threads that died under it. */
  replacements = 0;
  /** Counts the fences that were to open the gate. */
  openings = 0;
  /** A track's number is never given twice, nor are its files. */
  nextTrack = 0;
  ended = false;
  #record: CallRecord;

  constructor(record: CallRecord) {
    this.#record = record;
  }

  static begin(begun: { id: string; correlationId: string; uccName: string; at: number }): Call {
    return new Call({
      id: begun.id,
      correlationId: begun.correlationId,
      uccName: begun.uccName,
      recordingState: Recording.Uninitialized,
      markingState: Marking.None,
      savingState: Saving.None,
      pauseConfirmed: true,
      openConfirmed: true,
      pausedAt: null,
      leases: [],
      status: 'live',
      recorded: false,
      version: 1,
      firstSequence: 0,
      lastSequence: 0,
      beganAt: begun.at,
      endedAt: null,
      gapStartedAt: null,
      lengthMs: null,
      gaps: null,
      parties: [],
      legalHold: null,
      health: null,
      dialogue: firstDialoguePart(begun.uccName),
      metadataIncomplete: null,
    });
  }

  get id(): string {
    return this.#record.id;
  }
  get correlationId(): string {
    return this.#record.correlationId;
  }
  get uccName(): string {
    return this.#record.uccName;
  }
  get record(): CallRecord {
    return this.#record;
  }
  get recordingState(): RecordingState {
    return this.#record.recordingState;
  }

  /** True while the call's gate is open: the recorder is Started and nobody but `hold` pauses. */
  get keeps(): boolean {
    return keepsAudio(this.#record);
  }

  /** The owner of each pause: as often as there are holders who name theirs so. */
  get pausedBy(): readonly string[] {
    return [
      ...(this.recordingState === Recording.Paused ? ['api'] : []),
      ...this.#record.leases.map(({ owner }) => owner),
      ...(this.isOnHold ? ['hold'] : []),
    ];
  }

  /** The client holds every stream. */
  get isOnHold(): boolean {
    const streams = [...this.streams.values()];
    return streams.length > 0 && streams.every((stream) => stream.held);
  }

  // Each transition returns the next record; the call changes with `accept`, after the commit.

  /** The same record under a new version. */
  restated(): CallRecord {
    return this.#next({});
  }

  /** A command, a pause or the fence changes what the recorder does. @param at Unix ms */
  controlled(changes: ControlChanges, at?: number): CallRecord {
    return this.#next(changes, at);
  }

  marked(markingState: MarkingState, at?: number): CallRecord {
    return this.#next({ markingState }, at);
  }

  /** Save or Delete is commanded. */
  flagged(savingState: SavingState, at?: number): CallRecord {
    return this.#next({ savingState }, at);
  }

  /** A recording session joins: the call inherits states and learns of parties. */
  joined(changes: InheritedChanges & Described): CallRecord {
    return this.#next(changes);
  }

  /** The client has sent metadata. */
  described(described: Described): CallRecord {
    return this.#next(described);
  }

  /** The last session has left. */
  finished(changes: Pick<CallRecord, 'endedAt' | 'status' | 'dialogue'>): CallRecord {
    return this.#next(changes);
  }

  kept(changes: Pick<CallRecord, 'savingState' | 'lengthMs' | 'gaps' | 'health'>): CallRecord {
    return this.#next({ ...changes, status: 'kept' });
  }

  /** Nobody may hear the recording any more; its keys still exist. */
  condemned(savingState: SavingState): CallRecord {
    return this.#next({ savingState, status: 'deleting' });
  }

  destroyed(changes: DestroyedChanges = { status: 'destroyed' }): CallRecord {
    return this.#next(changes);
  }

  /** A later reading of the files changes the verdict, and the gap map where `gaps` is given. */
  inspected(changes: Pick<CallRecord, 'health'> & { readonly gaps?: GapSummary }): CallRecord {
    return this.#next(changes);
  }

  /** An interval was erased. */
  erased(gaps: GapSummary): CallRecord {
    return this.#next({ gaps });
  }

  /** A legal hold is placed, or released with null. */
  heldLegally(legalHold: LegalHold | null): CallRecord {
    return this.#next({ legalHold });
  }

  #next(changes: Partial<CallRecord>, at: number = Date.now()): CallRecord {
    const version = this.#record.version + 1;
    const record = { ...this.#record, openConfirmed: true, ...changes, version };
    const isPaused = record.recordingState === Recording.Paused;
    return {
      ...record,
      gapStartedAt: keepsAudio(record) ? null : (this.#record.gapStartedAt ?? at),
      pausedAt: isPaused ? (record.pausedAt ?? at) : null,
    };
  }

  accept(record: CallRecord): void {
    this.#record = record;
  }
}

export function keepsAudio({
  recordingState,
  leases,
}: Pick<CallRecord, 'recordingState' | 'leases'>): boolean {
  return recordingState === Recording.Started && leases.length === 0;
}

/** Returns the reason why the gate is shut. */
export function shutReason(record: Pick<CallRecord, 'recordingState' | 'leases'>): GapReason {
  if (record.recordingState === Recording.Paused) return 'api';
  return record.leases.length > 0 ? 'lease' : 'stop';
}
