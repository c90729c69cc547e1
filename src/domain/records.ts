import type { CallHealth } from './assurance.ts';
import type { CallStatus } from './call-status.ts';
import type { DialoguePart } from './dialogue.ts';
import type { Lease } from './lease.ts';
import type { MediaAgreement, MediaSource } from './media-agreement.ts';
import type { MetadataFault } from './metadata-fault.ts';
import type { MarkingState, RecordingState, SavingState, StateAction } from './recording-state.ts';
import type { StreamPresence } from './stream-presence.ts';

/**
 * Why audio is absent: who held the recorder, or what happened to it. `dtmf`: digits were sent or
 * heard, and left out; `silence`: the client sent none on purpose (RFC 3551 section 4.1); `erased`:
 * it was there; `guard`: it may have been sent before the recorder was asked to keep it;
 * `unattended`: no Pause could have reached the recorder; `lost`: it was kept, and is not in the
 * files any more. Rows count on their order: a new one comes last.
 */
export const gapReasons = [
  ...(['api', 'lease', 'hold', 'stop', 'loss', 'restart'] as const),
  ...(['dtmf', 'silence', 'erased', 'guard', 'unattended', 'lost'] as const),
] as const;
export type GapReason = (typeof gapReasons)[number];

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

export interface GapSummary {
  /** Of the track that has the most of them. */
  readonly lengthMs: number;
  readonly reasons: readonly GapReason[];
}

export interface LegalHold {
  readonly reason: string;
  /** Who placed it, as `Principal.name`. */
  readonly owner: string;
  /** Unix ms */
  readonly placedAt: number;
}

/**
 * One stream's track. Positions are units of its RTP clock on the call's clock, 0 at the call's
 * first packet.
 */
export interface TrackRecord {
  readonly callId: string;
  readonly track: number;
  readonly label: string;
  readonly aor: string | null;
  readonly role: 'agent' | 'other';
  readonly codec: Codec;
  /** Of the RTP clock, Hz; positions count in it (8000 for G.722, RFC 3551 section 4.5.2). */
  readonly clockRate: number;
  /** Several participants in one stream: it is no one party's. */
  readonly mixed: boolean;
  readonly startPosition: number | null;
  readonly endPosition: number | null;
  /**
   * Who held the recorder when the stream began; null where it was recorded from its first packet.
   */
  readonly initialReason: GapReason | null;
  /** When position 0 was; null until the stream's first packet. */
  readonly clockOrigin: ClockOrigin | null;
  /** Within gaps, in their order: a Pause during a hold, for one. */
  readonly reasonChanges: readonly ReasonChange[];
  readonly packets: PacketCounts;
  /** For how long its time line lay beside the stream's time by more than 20 ms. */
  readonly clockWrongMs: number;
  /** Null of what an older release recorded. */
  readonly presence: StreamPresence | null;
}

/** From this position on somebody else kept the stream from being recorded. */
export interface ReasonChange {
  readonly position: number;
  readonly reason: GapReason;
}

/**
 * The instant of a call's first packet, on the machine's monotonic clock and on the wall clock: the
 * first holds for another process of the same boot, however the second jumps.
 */
export interface ClockOrigin {
  /** Unix ms */
  readonly at: number;
  readonly monotonicMs: number;
  readonly bootId: string;
}

/** What is recorded, each as it came: nothing is transcoded before it is sealed. */
export const codecs = ['PCMU', 'PCMA', 'G722', 'L16', 'OPUS'] as const;
export type Codec = (typeof codecs)[number];

/** What became of every datagram that reached the stream's port, and what never reached it. */
export interface PacketCounts {
  readonly received: number;
  readonly kept: number;
  /** Arrived while an owner held: dropped, never stored. */
  readonly gated: number;
  readonly duplicate: number;
  /** RFC 4733 telephone-event: never stored. */
  readonly dtmf: number;
  /** RFC 3389: says that there is silence, and is none of it. */
  readonly comfortNoise: number;
  /** Numbers that never came, as the sources count (RFC 3550 appendix A.3). */
  readonly lost: number;
  /** Came behind a packet that was sent after them. */
  readonly reordered: number;
  /** SRTP with a wrong tag, or once more (RFC 3711 section 3.3). */
  readonly unauthenticated: number;
  /** Malformed, or of a payload type nobody negotiated. */
  readonly unusable: number;
  /** Valid RTP of another source than the client's. */
  readonly foreign: number;
  /** Erased in memory because a fence was not confirmed, or because the disk refused it. */
  readonly erased: number;
}

/**
 * A stretch without pause under a key of its own. `wrappedKey` is null once the key is destroyed.
 */
export interface SegmentRecord {
  readonly callId: string;
  readonly track: number;
  readonly segment: number;
  /** 0 as it was recorded; sealed anew with each erasure that touches it. */
  readonly generation: number;
  readonly wrappedKey: Buffer | null;
  readonly closedBy: GapReason | 'end' | null;
  /** What was written of it; null where nobody told. */
  readonly sealed: SealedExtent | null;
}

/**
 * What a segment held when this was told: at its first frame, and when it was closed. What its file
 * does not hold any more is lost. Positions are units of the track's RTP clock.
 */
export interface SealedExtent {
  readonly start: number;
  readonly end: number;
  readonly chunks: number;
}

/** Counts in units of its track's RTP clock, from the beginning of the recording on. */
export interface GapRecord {
  readonly callId: string;
  readonly track: number;
  readonly start: number;
  readonly length: number;
  readonly reason: GapReason;
}

/** Per stream: the last RTP sequence number and the last sample that were kept before the fence. */
export interface StreamReceipt {
  readonly track: number;
  readonly lastSequence: number | null;
  readonly lastPosition: number | null;
  /**
   * Of what opened the gate: so many ms of audio behind the request are left out, because they may
   * have been sent before it. Null of what shut it.
   */
  readonly guardMs: number | null;
}

/** A row of `UCC_CallDetail`: the command, and the receipt that says from when it was in effect. */
export interface CallDetailRecord {
  readonly callId: string;
  readonly correlationId: string;
  readonly uccName: string;
  /** `RecorderSetToPauseByAgent` and its siblings. */
  readonly detail: string;
  readonly action: StateAction;
  readonly requester: string;
  readonly requestedAt: number;
  readonly effectiveAt: number;
  /** Sequence number of the command's event on its UCC. */
  readonly sequence: number;
  readonly streams: readonly StreamReceipt[];
}

/** A stream of a recording session: enough to listen again where it listened. */
export interface SessionStreamRecord {
  readonly track: number;
  /** Which m-line of the session's SDP it is. */
  readonly index: number;
  readonly port: number;
  readonly held: boolean;
  readonly suppressDtmf: boolean;
  readonly agreed: Omit<MediaAgreement, 'source' | 'srtp'> & {
    /** Absent in what older versions saved. */
    readonly source?: MediaSource;
    /** In the vault's words. */
    readonly srtp: string | null;
  };
}

/** A recording session in progress, as another process needs it to go on with it. */
export interface SessionRecord {
  readonly id: string;
  readonly callId: string;
  readonly streams: readonly SessionStreamRecord[];
  /** The signalling's own state, as plain JSON: the domain does not read it. */
  readonly signalling: unknown;
}
