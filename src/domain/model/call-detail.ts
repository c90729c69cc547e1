import type { StateAction } from './recording-state.ts';

/** Per stream: the last RTP sequence number and the last sample kept before the fence. */
export interface StreamReceipt {
  readonly track: number;
  readonly lastSequence: number | null;
  readonly lastPosition: number | null;
  /**
   * For a gate that opened: ms of audio left out after the request, because they may have been sent
   * before it. Null for one that shut.
   */
  readonly guardMs: number | null;
}

/** A row of `UCC_CallDetail`: the command, and the receipt that says when it took effect. */
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
