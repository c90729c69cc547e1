import { type ContractError, contractError } from '../model/errors.ts';
import type { Recorder } from '../ports/recorder.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import type { CallState } from './call.ts';
import type { CallRegistry } from './call-registry.ts';

export type StateAnswer =
  | { readonly ok: true; readonly state: CallState }
  | { readonly ok: false; readonly error: ContractError };

interface StatePorts {
  readonly uccs: UccRegistry;
  readonly calls: CallRegistry;
  readonly recorder: Recorder;
}

/**
 * Answers `GET .../recording/{uccname}/{correlationId}`: checks the conditions of its column in
 * order.
 */
export function stateOf(ports: StatePorts, uccName: string, correlationId: string): StateAnswer {
  const ucc = ports.uccs.get(uccName);
  if (!ucc) return { ok: false, error: contractError('uccUnknown', { uccName }) };
  const call = ports.calls.find(uccName, correlationId);
  if (!call) return { ok: false, error: contractError('callUnknown', { correlationId }) };
  const records = ports.uccs.rulesOf(call.record)?.useAudioRecording === true;
  if (!records || !ports.recorder.available || call.failed) {
    return { ok: false, error: contractError('recorderUnavailable') };
  }
  if (!call.mediaOffered)
    return { ok: false, error: contractError('noMediaYet', { correlationId }) };
  const { recordingState, markingState, savingState } = call.record;
  return { ok: true, state: { recordingState, markingState, savingState } };
}
