/**
 * What the recorder does, as far as Hush has confirmed it. `looking`: the call is not known yet.
 * `recording`: nobody here keeps it from recording. `noCall`: the look-up did not find the call.
 * `failed`: it could not be paused, or that can no longer be relied on.
 */
export type GuardState =
  | 'looking'
  | 'recording'
  | 'pausing'
  | 'paused'
  | 'resuming'
  | 'noCall'
  | 'failed';

/** What the agent reads; `guardFields` takes others. */
export const guardTexts: Readonly<Record<GuardState, string>> = {
  looking: 'Looking for the call. Please wait before you type.',
  recording: 'The call is being recorded.',
  pausing: 'Pausing the recording. Please wait before you type.',
  paused: 'The recording is paused. Card data can be entered.',
  resuming: 'Resuming the recording.',
  noCall: 'The call was not found. Do not enter card data.',
  failed: 'The recording could not be paused. Do not enter card data.',
};
