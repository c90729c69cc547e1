import type { StateAction } from './recording-state.ts';

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
