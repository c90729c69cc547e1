import type { StreamReceipt } from '../model/call-detail.ts';
import type { GapReason, ReasonChange } from '../model/gap.ts';
import type { MediaAgreement } from '../model/media-agreement.ts';
import type { SegmentRecord } from '../model/segment.ts';
import type { ClockOrigin, PacketCounts } from '../model/track.ts';

/** How media threads read their sockets (docs/decisions/0028). */
export const receiverKinds = ['ffi', 'dgram'] as const;
export type ReceiverKind = (typeof receiverKinds)[number];

export interface StreamSpec {
  readonly track: number;
  readonly clockRate: number;
  readonly agreed: MediaAgreement;
  readonly held: boolean;
  /** True when in-band DTMF tones are left out. */
  readonly suppressDtmf: boolean;
  /** Set where it may exceed the call's, because another UCC joined it. */
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
  /** Position of its first packet; null when none is known to have come yet. */
  readonly startPosition: number | null;
  /**
   * Unix ms from which on packets may have come that nobody knows of, where none is known; null:
   * none came.
   */
  readonly unknownSince: number | null;
  /** The number after the highest in the store: a lost file's number is not reused. */
  readonly nextSegment: number;
}

/** State of a call's gate, and how much of its audio is held back. */
export interface GateSetting {
  readonly open: boolean;
  /** The reason while it is shut. */
  readonly reason: GapReason;
  /** Audio younger than this stays in memory. */
  readonly lookbackMs: number;
}

/** A command that shuts a call's gate. */
export interface ShutOrder {
  readonly reason: GapReason;
  /** How much of the audio that arrived before the command is erased; 0: none. */
  readonly lookbackMs: number;
  /** Its arrival, as `Recorder.commandCameAtMs` gave when it was read; omitted: now. */
  readonly cameAtMs?: number;
  /** Recently ended calls of the same dialogue, which the look-back reaches. */
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
  /** Time during which the time line was off by more than 20 ms. */
  readonly clockWrongMs: number;
}

/** Statistics of an open stream, reported every second. */
export interface StreamStats {
  readonly callId: string;
  readonly track: number;
  /** Counts since it was opened or resumed. */
  readonly packets: PacketCounts;
  /** RFC 3550 section 6.4.1 */
  readonly jitterMs: number;
  /** Unix ms; null before the first packet of audio. */
  readonly lastPacketAt: number | null;
}

/** Notifications by the recorder. */
export interface RecorderListener {
  onSegment(segment: SegmentRecord): void;
  /** Called when the call's audio can no longer be stored; its gate is shut already. */
  onCallFailed(callId: string, kind: 'storageFailed' | 'workerDied', detail: string): void;
  /** Called for the stream's first packet since it was opened or resumed. */
  onTrackBegan(callId: string, track: number, beginning: TrackBeginning): void;
  /** Called when a look-back reached ended streams: this much less of them is kept. */
  onErased(tracks: readonly ErasedTrack[]): void;
  /**
   * Called when the media thread of these calls ended, and another one replaced it. Their gates are
   * shut; their streams are to be resumed.
   */
  onWorkerDied(callIds: readonly string[], detail: string): void;
  /** Called once when datagrams are not received as the configuration says; calls are recorded. */
  onReceiverFellBack(why: string): void;
  /** Reports the open streams of one media thread. */
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
  /** False while the disk refuses writes: calls offered then are not recorded. */
  readonly available: boolean;
  /** Creates the call's gate, or sets it for a call that has one and no streams yet. */
  beginCall(callId: string, gate: GateSetting): void;
  /** Binds sockets on consecutive even ports. @throws RecorderBusyError */
  openStreams(callId: string, specs: readonly StreamSpec[]): Promise<OpenedStream[]>;
  /**
   * Binds the streams' previous ports again and continues their tracks. The gate applies from their
   * first packet on.
   * @returns tracks whose port was not available
   */
  resumeStreams(
    callId: string,
    streams: readonly ResumedStream[],
    clockOrigin: ClockOrigin | null,
  ): Promise<number[]>;
  /** Resolves once packets of the new payload type are accepted. */
  updateStream(callId: string, spec: StreamSpec): Promise<void>;
  /**
   * The earliest time, in monotonic ms, at which a command that is read now may have come: after a
   * stall of the process, the stall's beginning.
   */
  readonly commandCameAtMs: number;
  /** Monotonic ms, on the recorder's clock. */
  readonly nowMs: number;
  /** Returns the time since the call's first packet; null before it. */
  positionMs(callId: string): number | null;
  /** @throws FenceTimeoutError: the gate is shut all the same, audio held aside is erased. */
  shut(callId: string, order: ShutOrder): Promise<FenceReceipt>;
  /** Shuts the gate of every call at once, for good: this process may not record any more. */
  shutAll(reason: GapReason): void;
  /**
   * @param askedAtMs what was sent before is not kept, `nowMs`; omitted: now
   * @throws FenceTimeoutError: the gate is shut again.
   */
  open(callId: string, askedAtMs?: number): Promise<FenceReceipt>;
  hold(callId: string, tracks: readonly number[], held: boolean): Promise<void>;
  /** @param closedBy `restart` when another process will continue them */
  closeStreams(
    callId: string,
    tracks: readonly number[],
    closedBy?: 'end' | 'restart',
  ): Promise<TrackSummary[]>;
  /**
   * Ends the call's gate; its streams must have been closed. Resolves when all its audio is
   * written: audio younger than the look-back waits until it has aged.
   */
  endCall(callId: string): Promise<void>;
}
