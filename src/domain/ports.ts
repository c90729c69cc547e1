import type { AlarmRecord } from './assurance-store.ts';
import type { AuditFilter, AuditRecord } from './audit-log.ts';
import type { SeenConfiguration } from './configuration-record.ts';
import type { ErasureRecord } from './erasure.ts';
import type { Doubtful, EventStore } from './event-store.ts';
import type { Alarm, RecordingEvent } from './events.ts';
import type { DerivedRecord } from './keeping-store.ts';
import type { MediaAgreement } from './media-agreement.ts';
import type { RecordingFilter, RecordingPage } from './recording-search.ts';
import type {
  CallDetailRecord,
  CallRecord,
  ClockOrigin,
  GapReason,
  GapRecord,
  PacketCounts,
  ReasonChange,
  SegmentRecord,
  SessionRecord,
  StreamReceipt,
  TrackRecord,
} from './records.ts';
import type { Ucc } from './ucc.ts';

/** Everything that one decision writes; it is durable as a whole or not at all. */
export interface Change {
  readonly call?: CallRecord;
  /** The call whose parties it shall be found by. */
  readonly partiesOf?: CallRecord;
  /** The call that further UCCs shall find: all but its own. */
  readonly uccsOf?: CallRecord;
  readonly tracks?: readonly TrackRecord[];
  readonly segments?: readonly SegmentRecord[];
  readonly gaps?: readonly GapRecord[];
  readonly detail?: CallDetailRecord;
  readonly event?: RecordingEvent;
  /** The same, as the call's further UCCs are told it. */
  readonly furtherEvents?: readonly RecordingEvent[];
  readonly ucc?: Ucc;
  readonly audit?: readonly AuditRecord[];
  readonly sessions?: readonly SessionRecord[];
  readonly alarms?: readonly AlarmRecord[];
  readonly erasures?: readonly ErasureRecord[];
  readonly derived?: readonly DerivedRecord[];
  readonly configuration?: SeenConfiguration;
}

/** Rows. Commits of one event-loop turn share a transaction; a resolved commit is durable. */
export interface Store extends EventStore {
  /** @throws StoreUnavailableError: nothing was written; OutcomeUnknownError: nobody knows */
  commit(change: Change): Promise<void>;
  takeBack(doubtful: Doubtful): Promise<void>;
  mustAnswer(): Promise<void>;
  uccs(): Promise<Ucc[]>;
  /** As the start before this one saw it. */
  configuration(): Promise<SeenConfiguration | undefined>;
  /** In progress, or ended and not settled yet. */
  unsettledCalls(): Promise<CallRecord[]>;
  /** The newest call of that correlation id, ended or not. */
  lastCall(correlationId: string): Promise<CallRecord | undefined>;
  /** The dialogue's parts, the first one first. */
  dialogueParts(of: CallRecord): Promise<CallRecord[]>;
  sessions(): Promise<SessionRecord[]>;
  /** Forgets the recording session; one that is not there is no error. */
  endSession(id: string): Promise<void>;
  call(id: string): Promise<CallRecord | undefined>;
  recordings(filter: RecordingFilter): Promise<RecordingPage>;
  tracks(callId: string): Promise<TrackRecord[]>;
  segments(callId: string): Promise<SegmentRecord[]>;
  gaps(callId: string): Promise<GapRecord[]>;
  details(call: CallRecord): Promise<CallDetailRecord[]>;
  /** The audit log, newest first. */
  auditLog(filter: AuditFilter): Promise<AuditRecord[]>;
  /** Irrevocable; what is left of them in the store's log `forgetKeys` gives up. */
  destroyKeys(callId: string): Promise<void>;
  close(): Promise<void>;
}

export interface StreamSpec {
  readonly track: number;
  readonly clockRate: number;
  readonly agreed: MediaAgreement;
  readonly held: boolean;
  /** In-band tones of digits are left out. */
  readonly suppressDtmf: boolean;
  /** Where it may be more than the call's: another UCC joined it. */
  readonly lookbackMs?: number;
}

export interface OpenedStream {
  readonly track: number;
  readonly port: number;
}

/** A stream that listened before, in this process or the one before it. */
export interface ResumedStream {
  readonly spec: StreamSpec;
  readonly port: number;
  /** Of its first packet; null when none is known to have come yet. */
  readonly startPosition: number | null;
  /** Unix ms; 0: not known. */
  readonly openedAt: number;
  /** Behind the highest that the store knows: a file that is lost leaves its number to nobody. */
  readonly nextSegment: number;
}

/** What a call's gate is set to, and how much of its audio is held back. */
export interface GateSetting {
  readonly open: boolean;
  /** Why it is shut, while it is. */
  readonly reason: GapReason;
  /** Audio younger than this stays in memory. */
  readonly lookbackMs: number;
}

/** A command that shuts a call's gate. */
export interface ShutOrder {
  readonly reason: GapReason;
  /** So much of what arrived before the command is erased; 0: nothing. */
  readonly lookbackMs: number;
  /** When it came, as `Recorder.commandCameAtMs` told when it was read; left out: now. */
  readonly cameAtMs?: number;
  /** Calls of the same dialogue that ended lately: the look-back reaches into them. */
  readonly predecessors?: readonly string[];
}

/** Audio of a stream that had ended, erased in memory. */
export interface ErasedTrack {
  readonly callId: string;
  readonly track: number;
  readonly packets: number;
}

export interface FenceReceipt {
  /** Unix ms at which the last stream confirmed. */
  readonly effectiveAt: number;
  readonly streams: readonly StreamReceipt[];
}

export interface TrackSummary {
  readonly track: number;
  readonly startPosition: number | null;
  readonly endPosition: number | null;
  readonly initialReason: GapReason | null;
  readonly reasonChanges: readonly ReasonChange[];
  readonly packets: PacketCounts;
  /** For how long the time line lay beside the stream's time by more than 20 ms. */
  readonly clockWrongMs: number;
}

/** How an open stream fares; told every second. */
export interface StreamStats {
  readonly callId: string;
  readonly track: number;
  /** Since it was opened or resumed. */
  readonly packets: PacketCounts;
  /** RFC 3550 section 6.4.1 */
  readonly jitterMs: number;
  /** Unix ms; null before the first packet of audio. */
  readonly lastPacketAt: number | null;
}

/** What the recorder tells on its own account. */
export interface RecorderListener {
  onSegment(segment: SegmentRecord): void;
  /** The call's audio can no longer be stored; its gate is shut already. */
  onCallFailed(callId: string, kind: 'storageFailed' | 'workerDied', detail: string): void;
  /** The stream's first packet since it was opened or resumed. */
  onTrackBegan(callId: string, track: number, beginning: TrackBeginning): void;
  /** A look-back reached into streams that had ended: so much less of them is kept. */
  onErased(tracks: readonly ErasedTrack[]): void;
  /**
   * The media thread of these calls ended, and another one took its place. Their gates are shut;
   * their streams are to be resumed.
   */
  onWorkerDied(callIds: readonly string[], detail: string): void;
  /** Of the open streams of one media thread. */
  onStreamStats(stats: readonly StreamStats[]): void;
}

export interface TrackBeginning {
  /** Samples on the call's clock. */
  readonly startPosition: number;
  readonly initialReason: GapReason | null;
  readonly clockOrigin: ClockOrigin;
}

/** Media in, sealed chunks out. Every method that takes a call id rejects for an unknown one. */
export interface Recorder {
  /** False while the disk refuses writes: what is offered then is not recorded. */
  readonly available: boolean;
  /** Gives the call its gate; of a call that has one, and no streams yet, sets it. */
  beginCall(callId: string, gate: GateSetting): void;
  /** Binds sockets on consecutive even ports. @throws RecorderBusyError */
  openStreams(callId: string, specs: readonly StreamSpec[]): Promise<OpenedStream[]>;
  /**
   * Binds the ports again at which the streams listened, and goes on with their tracks. What the
   * gate says counts from their first packet on.
   * @returns tracks whose port could not be had
   */
  resumeStreams(
    callId: string,
    streams: readonly ResumedStream[],
    clockOrigin: ClockOrigin | null,
  ): Promise<number[]>;
  /** Resolves once packets of the new payload type are taken. */
  updateStream(callId: string, spec: StreamSpec): Promise<void>;
  /**
   * The earliest time, in monotonic ms, at which a command that is read now may have come: after a
   * stall of the process, the stall's beginning.
   */
  readonly commandCameAtMs: number;
  /** @throws FenceTimeoutError: the gate is shut all the same, what was held aside is erased. */
  shut(callId: string, order: ShutOrder): Promise<FenceReceipt>;
  /** At once, of every call: this process may not record any more. Nothing opens a gate again. */
  shutAll(reason: GapReason): void;
  /** @throws FenceTimeoutError: the gate is shut again. */
  open(callId: string): Promise<FenceReceipt>;
  hold(callId: string, tracks: readonly number[], held: boolean): Promise<void>;
  /** @param closedBy `restart` where another process will go on with them */
  closeStreams(
    callId: string,
    tracks: readonly number[],
    closedBy?: 'end' | 'restart',
  ): Promise<TrackSummary[]>;
  /**
   * Ends the call's gate; its streams must have been closed. Resolves when all its audio is
   * written: what is younger than the look-back waits until it has aged.
   */
  endCall(callId: string): Promise<void>;
}

export interface AlarmSink {
  raise(alarm: Omit<Alarm, 'at'>): void;
}

/** Keeps a secret in the store so that the store alone does not tell it. */
export interface Vault {
  /** @returns text that only `open` reads */
  seal(secret: Uint8Array): string;
  /** @throws where it was sealed by another key */
  open(sealed: string): Buffer;
  /** The same secret as it would be sealed now; the same text where it is sealed so already. */
  renew(sealed: string): string;
}

export interface Clock {
  /** Unix ms */
  now(): number;
}
