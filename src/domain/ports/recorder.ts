import type { StreamReceipt } from '../model/call-detail.ts';
import type { GapReason, ReasonChange } from '../model/gap.ts';
import type { MediaAgreement } from '../model/media-agreement.ts';
import type { SegmentRecord } from '../model/segment.ts';
import type { ClockOrigin, PacketCounts } from '../model/track.ts';

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
