import type { CallRecord } from '../model/call-record.ts';
import { RecordingState } from '../model/recording-state.ts';
import type { UccRules } from '../ucc/ucc-rules.ts';

/**
 * A dialogue may lose its last recording session before the next one comes, as when an SBC ends one
 * and begins another to transfer a call. The next part goes on with what was commanded: a pause, a
 * Stop, a Start, leases, Save, Delete and a mark outlive the seam.
 */
export type Inherited = Partial<
  Pick<CallRecord, 'recordingState' | 'savingState' | 'markingState' | 'leases' | 'pausedAt'>
>;

export const nothingInherited: Inherited = {};

export function statesInherited(last: CallRecord, rules: UccRules): Inherited {
  const { savingState, markingState, leases, recordingState, pausedAt } = last;
  const states = { savingState, markingState, leases };
  if (recordingState === RecordingState.Paused) return { ...states, recordingState, pausedAt };
  if (recordingState === RecordingState.Stopped) return { ...states, recordingState };
  const runs = recordingState === RecordingState.Started && last.dialogue.startCommanded;
  // What ran by itself runs by itself again, where the UCC still says so.
  return runs && rules.useAudioRecording ? { ...states, recordingState } : states;
}
