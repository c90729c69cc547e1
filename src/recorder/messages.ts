import type { StreamSpec, TrackSummary } from '../domain/ports.ts';
import type { GapReason, StreamReceipt } from '../domain/records.ts';
import type { ClosingReason } from './gate-table.ts';

/** What a worker is started with. */
export interface WorkerSettings {
  readonly gates: SharedArrayBuffer;
  readonly secret: Uint8Array;
  readonly masterKey: Uint8Array;
  readonly recordingsDir: string;
  readonly rtpHost: string;
  readonly chunkMs: number;
  readonly maxUnwrittenBytes: number;
  readonly maxHeldAsidePackets: number;
}

/** Where a track goes on. */
export interface ResumedTrack {
  /** The call's position 0 on the machine's monotonic clock. */
  readonly originMs: number | undefined;
  readonly startPosition: number | null;
  readonly nextSegment: number;
}

export type ToWorker =
  | {
      readonly type: 'open';
      readonly requestId: number;
      readonly callId: string;
      readonly slot: number;
      readonly spec: StreamSpec;
      readonly port: number;
      readonly lookbackMs: number;
      /** Of a stream that listened before. */
      readonly resumed: ResumedTrack | undefined;
    }
  | {
      readonly type: 'update';
      readonly requestId: number;
      readonly callId: string;
      readonly spec: StreamSpec;
    }
  /** The fence ran out of time: erase what is held aside, stay shut. */
  | { readonly type: 'abort'; readonly callId: string; readonly fenceId: number }
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
  | { readonly type: 'endCall'; readonly callId: string };

export interface Confirmation extends StreamReceipt {
  readonly callId: string;
  readonly fenceId: number;
}

export type FromWorker =
  | { readonly type: 'opened'; readonly requestId: number }
  | { readonly type: 'openFailed'; readonly requestId: number; readonly code: string }
  | { readonly type: 'confirmed'; readonly confirmations: readonly Confirmation[] }
  | {
      readonly type: 'began';
      readonly callId: string;
      readonly track: number;
      readonly startPosition: number;
      readonly initialReason: GapReason | null;
      /** As in `ResumedTrack`. */
      readonly originMs: number;
    }
  | { readonly type: 'updated'; readonly requestId: number }
  | { readonly type: 'held'; readonly requestId: number }
  | { readonly type: 'closed'; readonly requestId: number; readonly summary: TrackSummary }
  | {
      readonly type: 'segment';
      readonly callId: string;
      readonly track: number;
      readonly segment: number;
      readonly wrappedKey: Uint8Array;
      readonly closedBy: ClosingReason | null;
    }
  /** As `packStats` has it. */
  | { readonly type: 'stats'; readonly packed: Float64Array<ArrayBuffer> }
  | { readonly type: 'storageFailed'; readonly callId: string; readonly code: string };
