import type { CallRecord } from '../model/call-record.ts';
import { RecordingState } from '../model/recording-state.ts';
import type { UccRules } from '../ucc/ucc-rules.ts';

/**
 * State that the next part of a dialogue inherits. A dialogue may lose its last recording session
 * before the next one comes, as when an SBC ends one and begins another to transfer a call. A
 * pause, a Stop, a Start, leases, Save, Delete and a mark outlive this seam.
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
  // A recorder that ran by default runs by default again, if the UCC still says so.
  return runs && rules.useAudioRecording ? { ...states, recordingState } : states;
}
