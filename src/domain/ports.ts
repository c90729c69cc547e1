import type { AccessFilter, AccessRecord } from './access-trail.ts';
import type { Alarm, RecordingEvent } from './events.ts';
import type {
  CallDetailRecord,
  CallRecord,
  Codec,
  GapReason,
  GapRecord,
  PacketCounts,
  SegmentRecord,
  StreamReceipt,
  TrackRecord,
} from './records.ts';
import type { Ucc } from './ucc.ts';

/** Everything that one decision writes; it is durable as a whole or not at all. */
export interface Change {
  readonly call?: CallRecord;
  readonly tracks?: readonly TrackRecord[];
  readonly segments?: readonly SegmentRecord[];
  readonly gaps?: readonly GapRecord[];
  readonly detail?: CallDetailRecord;
  readonly event?: RecordingEvent;
  readonly ucc?: Ucc;
  readonly access?: readonly AccessRecord[];
}

export interface RecordingFilter {
  /** Recordings of these UCCs only, as `uccKey` spells them. */
  readonly uccs?: readonly string[];
  readonly ucc?: string;
  readonly correlationId?: string;
  /** Unix ms, inclusive */
  readonly from?: number;
  /** Unix ms, exclusive */
  readonly to?: number;
  readonly before?: { readonly beganAt: number; readonly id: string };
  readonly limit: number;
}

/** Rows. Commits of one event-loop turn share a transaction; a resolved commit is durable. */
export interface Store {
  commit(change: Change): Promise<void>;
  uccs(): Promise<Ucc[]>;
  liveCalls(): Promise<CallRecord[]>;
  call(id: string): Promise<CallRecord | undefined>;
  recordings(filter: RecordingFilter): Promise<CallRecord[]>;
  tracks(callId: string): Promise<TrackRecord[]>;
  segments(callId: string): Promise<SegmentRecord[]>;
  gaps(callId: string): Promise<GapRecord[]>;
  details(call: CallRecord): Promise<CallDetailRecord[]>;
  /** Events of the UCC with a sequence number above `since`, in their order, at most `limit`. */
  events(uccName: string, since: number, limit: number): Promise<RecordingEvent[]>;
  /** The access trail, newest first. */
  accessTrail(filter: AccessFilter): Promise<AccessRecord[]>;
  /** The highest sequence number per UCC. */
  lastSequences(): Promise<Map<string, number>>;
  /** Irrevocable: after it no copy of the call's keys is left in the store. */
  destroyKeys(callId: string): Promise<void>;
  close(): Promise<void>;
}

export interface StreamSpec {
  readonly track: number;
  readonly codec: Codec;
  readonly clockRate: number;
  readonly payloadType: number;
  /** RFC 4733 payload type, when one was negotiated: its packets are never stored. */
  readonly dtmfPayloadType: number | null;
  readonly held: boolean;
}

export interface OpenedStream {
  readonly track: number;
  readonly port: number;
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
  readonly packets: PacketCounts;
}

/** What the recorder tells on its own account. */
export interface RecorderListener {
  onSegment(segment: SegmentRecord): void;
  /** The call's audio can no longer be stored; its gate is shut already. */
  onCallFailed(callId: string, kind: 'storageFailed' | 'workerDied', detail: string): void;
}

/** Media in, sealed chunks out. Every method that takes a call id rejects for an unknown one. */
export interface Recorder {
  /** False while the disk refuses writes: what is offered then is not recorded. */
  readonly available: boolean;
  /** Gives the call its gate; of a call that has one, and no streams yet, sets it. */
  beginCall(callId: string, gateOpen: boolean, reason: GapReason): void;
  /** Binds sockets on consecutive even ports. @throws RecorderBusyError */
  openStreams(callId: string, specs: readonly StreamSpec[]): Promise<OpenedStream[]>;
  /** Resolves once packets of the new payload type are taken. */
  updateStream(callId: string, spec: StreamSpec): Promise<void>;
  /** @throws FenceTimeoutError: the gate is shut all the same, what was held aside is erased. */
  shut(callId: string, reason: GapReason): Promise<FenceReceipt>;
  /** @throws FenceTimeoutError: the gate is shut again. */
  open(callId: string): Promise<FenceReceipt>;
  hold(callId: string, tracks: readonly number[], held: boolean): Promise<void>;
  closeStreams(callId: string, tracks: readonly number[]): Promise<TrackSummary[]>;
  /** Ends the call's gate; its streams must have been closed. */
  endCall(callId: string): void;
}

export interface FinishedRecording {
  readonly lengthMs: number;
  readonly gaps: readonly GapRecord[];
  readonly tracks: readonly TrackRecord[];
}

/** Audio. Works on the sealed segments of calls whose streams are closed. */
export interface Archive {
  /** Reads what was really stored and derives length, extents and gap map from it. */
  finish(callId: string): Promise<FinishedRecording>;
  /** Destroys the call's keys first and its files then. */
  destroy(callId: string): Promise<void>;
}

export interface Bus {
  publish(event: RecordingEvent): void;
  subscribe(listener: (event: RecordingEvent) => void): () => void;
}

export interface AlarmSink {
  raise(alarm: Omit<Alarm, 'at'>): void;
}

export interface Clock {
  /** Unix ms */
  now(): number;
}
