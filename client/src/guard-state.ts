/**
 * The state of the recorder, as far as Hush has confirmed it. `looking`: the call is not known yet.
 * `recording`: no pause of this guard holds. `noCall`: the look-up did not find the call. `failed`:
 * it could not be paused, or the pause can no longer be relied on.
 */
export type GuardState =
  | 'looking'
  | 'recording'
  | 'pausing'
  | 'paused'
  | 'resuming'
  | 'noCall'
  | 'failed';

/** Texts for the agent; `guardFields` accepts others. */
export const guardTexts: Readonly<Record<GuardState, string>> = {
  looking: 'Looking for the call. Please wait before you type.',
  recording: 'The call is being recorded.',
  pausing: 'Pausing the recording. Please wait before you type.',
  paused: 'The recording is paused. Card data can be entered.',
  resuming: 'Resuming the recording.',
  noCall: 'The call was not found. Do not enter card data.',
  failed: 'The recording could not be paused. Do not enter card data.',
};
