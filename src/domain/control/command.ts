import type { Call, CallState } from '../call/call.ts';
import { parseGuid } from '../identifiers/correlation-id.ts';
import { parseRequesterUri } from '../identifiers/sip-uri.ts';
import { type ContractError, contractError } from '../model/errors.ts';
import type { RecordingEvent } from '../model/recording-event.ts';
import {
  isLegal,
  parseStateAction,
  RecordingState,
  StateAction,
} from '../model/recording-state.ts';
import { isMember, type Ucc } from '../model/ucc.ts';

/** A command as received, before validation. */
export interface CommandRequest {
  readonly action: unknown;
  readonly requesterSipUri: unknown;
  readonly correlationId: unknown;
  readonly uccName: unknown;
  /** Value of `If-Match`: the command runs only while the call's version is this one. */
  readonly ifVersion?: number | undefined;
}

export interface Command {
  readonly action: StateAction;
  readonly requester: string;
  readonly correlationId: string;
  readonly uccName: string;
}

export type CommandAnswer =
  | {
      readonly ok: true;
      readonly state: CallState;
      readonly event: RecordingEvent;
      readonly effectiveAt: number;
    }
  | { readonly ok: false; readonly error: ContractError };

/** Returns the correlation id as answers echo it: canonical for a GUID, otherwise unchanged. */
export function echoedCorrelationId(value: unknown): string | null {
  if (typeof value !== 'string') return null;
  return parseGuid(value) ?? value;
}

/** Checks conditions 2 and 3 of the contract, which depend on the request alone. */
export function parseCommand(request: CommandRequest): Command | ContractError {
  const action = parseStateAction(request.action);
  if (action === undefined) return contractError('actionMissing');
  const requester = parseRequesterUri(request.requesterSipUri);
  if (requester === undefined) {
    const sipUri = typeof request.requesterSipUri === 'string' ? request.requesterSipUri : '';
    return contractError('requesterInvalid', { sipUri });
  }
  return {
    action,
    requester,
    correlationId: echoedCorrelationId(request.correlationId) ?? '',
    uccName: String(request.uccName),
  };
}

/** The state that conditions 5 to 10 check, read when the command's turn has come. */
export interface CommandSituation {
  /** The UCC that the command names. */
  readonly ucc: Ucc;
  /** Every UCC of the call's dialogue. */
  readonly further: readonly Ucc[];
  readonly call: Call;
  readonly recorderAvailable: boolean;
}

/** Checks conditions 5 to 10 of the contract in order; undefined when the command may run. */
export function refusal(command: Command, situation: CommandSituation): ContractError | undefined {
  const { ucc, call, further } = situation;
  const { uccName } = command;
  if (!ucc.agentCanEditAudioRecording) return contractError('editDisabled', { uccName });
  const strict = keepsLess(command.action) ? undefined : further.find(isNotEdited);
  if (strict) return contractError('editDisabled', { uccName: strict.name });
  if (!isMember(ucc, command.requester)) {
    return contractError('requesterNotMember', { sipUri: command.requester, uccName });
  }
  const records = further.every(({ useAudioRecording }) => useAudioRecording);
  const reachable = records && situation.recorderAvailable && !call.failed;
  if (!reachable || !call.mediaOffered) return contractError('recorderUnavailable');
  const state = call.recordingState;
  if (command.action === StateAction.Start && !isLegal(command.action, state)) {
    return contractError('cannotStart', { state });
  }
  if (command.action === StateAction.Pause && !mayPause(call)) {
    return contractError('cannotPause', { state });
  }
  return undefined;
}

/** Returns true for actions that record less: the named UCC may always command them. */
function keepsLess(action: StateAction): boolean {
  return action === StateAction.Pause || action === StateAction.Stop;
}

function isNotEdited(ucc: Ucc): boolean {
  return !ucc.agentCanEditAudioRecording;
}

/** Returns true for a pause that a stream has not confirmed: the caller was told to retry. */
function mayPause(call: Call): boolean {
  if (isLegal(StateAction.Pause, call.recordingState)) return true;
  return call.recordingState === RecordingState.Paused && !call.record.pauseConfirmed;
}
