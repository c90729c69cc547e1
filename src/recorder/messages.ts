import type { StreamReceipt } from '../domain/model/call-detail.ts';
import type { GapReason } from '../domain/model/gap.ts';
import type { SealedExtent } from '../domain/model/segment.ts';
import type {
  ErasedTrack,
  ReceiverKind,
  StreamSpec,
  TrackSummary,
} from '../domain/ports/recorder.ts';
import type { ClosingReason } from './fence/gate-table.ts';
import type { CallMarker } from './fence/marker.ts';
import type { FormerSource } from './intake/source-latch.ts';

/** Settings that a worker is started with. */
export interface WorkerSettings {
  readonly gates: SharedArrayBuffer;
  readonly masterKey: Uint8Array;
  readonly recordingsDir: string;
  readonly rtpHost: string;
  readonly receiver: ReceiverKind;
  /** The sockets that this thread opens by itself (`DescriptorTable`). */
  readonly descriptors: SharedArrayBuffer;
  readonly chunkMs: number;
  readonly maxUnwrittenBytes: number;
  readonly maxHeldAsidePackets: number;
  readonly resumeGuardMs: number;
  /** The main thread's pulse (`Pulse`). */
  readonly pulse: SharedArrayBuffer;
  /** Longest allowed silence of the main thread; 0: no limit. */
  readonly mainThreadTimeoutMs: number;
}

/** The point at which a track resumes. */
export interface ResumedTrack {
  /** Position of its first packet; null: none is known. */
  readonly startPosition: number | null;
  /** Packets may have come from then on that nobody knows of, monotonic ms; null: none did. */
  readonly mayHaveSentSince: number | null;
  /** False: no stream of its call is known to have sent anything. */
  readonly hasCallBegun: boolean;
  readonly nextSegment: number;
}

export type ToWorker =
  | {
      readonly type: 'open';
      readonly requestId: number;
      readonly callId: string;
      /** The call's position 0 on the machine's monotonic clock; undefined before its audio. */
      readonly originMs: number | undefined;
      readonly slot: number;
      readonly spec: StreamSpec;
      readonly port: number;
      readonly lookbackMs: number;
      /** Set for a stream that listened before. */
      readonly resumed: ResumedTrack | undefined;
      /** The last source that sent to the port. */
      readonly former: FormerSource | undefined;
    }
  | {
      readonly type: 'update';
      readonly requestId: number;
      readonly callId: string;
      readonly spec: StreamSpec;
    }
  /** Orders to gates, each for all streams of its call, in the order in which they were given. */
  | { readonly type: 'fence'; readonly markers: readonly CallMarker[] }
  /** After a failed fence: shuts streams that did not follow the gate, erases what is in doubt. */
  | { readonly type: 'catchUp'; readonly callId: string }
  /** Erases what ended streams of the calls hold back, from `cutMs` on. */
  | {
      readonly type: 'eraseEnded';
      readonly requestId: number;
      readonly callId: string;
      readonly callIds: readonly string[];
      readonly cutMs: number;
      readonly reason: GapReason;
    }
  | {
      readonly type: 'hold';
      readonly requestId: number;
      readonly callId: string;
      readonly track: number;
      readonly held: boolean;
    }
  | {
      readonly type: 'close';
      readonly requestId: number;
      readonly callId: string;
      readonly track: number;
      readonly closedBy: 'end' | 'restart';
    }
  /** Answered once all that the call holds back is written. */
  | { readonly type: 'endCall'; readonly requestId: number; readonly callId: string };

export interface Confirmation extends StreamReceipt {
  readonly callId: string;
  /** Order number of the gate. */
  readonly order: number;
}

export type FromWorker =
  /** The receiver that was wanted does not work here. */
  | { readonly type: 'fellBack'; readonly why: string }
  | { readonly type: 'opened'; readonly requestId: number }
  | { readonly type: 'openFailed'; readonly requestId: number; readonly code: string }
  | { readonly type: 'confirmed'; readonly confirmations: readonly Confirmation[] }
  | {
      readonly type: 'began';
      readonly callId: string;
      readonly track: number;
      readonly startPosition: number;
      readonly initialReason: GapReason | null;
      /** Same meaning as in the `open` message. */
      readonly originMs: number;
    }
  | { readonly type: 'updated'; readonly requestId: number }
  | { readonly type: 'held'; readonly requestId: number }
  /** The stream that was to be held or closed has ended, or is about to. */
  | { readonly type: 'gone'; readonly requestId: number }
  | {
      readonly type: 'closed';
      readonly requestId: number;
      readonly summary: TrackSummary;
      readonly source: FormerSource | undefined;
    }
  | {
      readonly type: 'erasedEnded';
      readonly requestId: number;
      readonly tracks: readonly ErasedTrack[];
    }
  | { readonly type: 'callEnded'; readonly requestId: number }
  | {
      readonly type: 'segment';
      readonly callId: string;
      readonly track: number;
      readonly segment: number;
      readonly wrappedKey: Uint8Array;
      readonly closedBy: ClosingReason | null;
      readonly sealed: SealedExtent | null;
    }
  /** Packed by `packStats`. */
  | { readonly type: 'stats'; readonly packed: Float64Array<ArrayBuffer> }
  | { readonly type: 'storageFailed'; readonly callId: string; readonly code: string };
