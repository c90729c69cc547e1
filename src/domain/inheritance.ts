import { RecordingState } from './recording-state.ts';
import type { CallRecord } from './records.ts';

/**
 * A dialogue may lose its last recording session before the next one comes, as when an SBC ends one
 * and begins another to transfer a call. The next recording goes on with what was commanded: a
 * pause, a Stop, Save, Delete and a mark outlive the seam.
 */
export type Inherited = Partial<
  Pick<CallRecord, 'recordingState' | 'savingState' | 'markingState' | 'leases'>
>;

export const nothingInherited: Inherited = {};

/** @param since Unix ms: what ended before leaves nothing */
export function statesInherited(last: CallRecord, since: number): Inherited {
  if (last.endedAt !== null && last.endedAt < since) return nothingInherited;
  const { savingState, markingState, leases, recordingState } = last;
  const states = { savingState, markingState, leases };
  const isPaused = recordingState === RecordingState.Paused;
  const isStopped = recordingState === RecordingState.Stopped;
  return isPaused || isStopped ? { ...states, recordingState } : states;
}
