import { Type } from 'typebox';
import { type AlarmKind, alarmKinds } from '../../domain/model/alarm.ts';
import { verdicts } from '../../domain/model/call-health.ts';
import { type CallStatus, callStatuses } from '../../domain/model/call-status.ts';
import { ErrorType } from '../../domain/model/errors.ts';
import { type GapReason, gapReasons } from '../../domain/model/gap.ts';
import { type Role, roles } from '../../domain/model/principal.ts';
import {
  MarkingState,
  RecordingState,
  SavingState,
  StateAction,
} from '../../domain/model/recording-state.ts';

/** Returns a named string of these values. */
function oneOf<Value extends string>(
  title: string,
  values: readonly Value[],
  options: object = {},
) {
  return Type.Unsafe<Value>({ ...options, type: 'string', enum: [...values], title });
}

/** Returns a named number; generators take its values' names from `x-enum-varnames`. */
function numbered<Value extends number>(
  title: string,
  values: Readonly<Record<string, Value>>,
  options: object = {},
) {
  const names = Object.keys(values);
  return Type.Unsafe<Value>({
    ...{ ...options, type: 'integer', title, enum: Object.values(values) },
    'x-enum-varnames': names,
  });
}

export const gapReason = oneOf<GapReason>('GapReason', gapReasons);
export const alarmKind = oneOf<AlarmKind>('AlarmKind', alarmKinds);
export const roleName = oneOf<Role>('Role', roles);
export const callStatus = oneOf<CallStatus>('CallStatus', callStatuses);
/** A recording has every status but that of a call that was never recorded. */
export const recordingStatus = oneOf(
  'RecordingStatus',
  callStatuses.filter((status) => status !== 'empty'),
);
export const partyRole = oneOf('PartyRole', ['agent', 'other']);
export const verdict = oneOf('Verdict', verdicts);
export const verdictNow = oneOf('Verdict', verdicts, {
  description: 'Of a live call: as it stands now',
});
export const audioFormat = (fallback: 'wav' | 'opus') =>
  oneOf('RecordingFormat', ['wav', 'opus', 'flac'], { default: fallback });

/** The Hush API tells states by name, the contract by number. */
export const recordingStateName = oneOf('RecordingState', Object.keys(RecordingState));
export const markingStateName = oneOf('MarkingState', Object.keys(MarkingState));
export const savingStateName = oneOf('SavingState', Object.keys(SavingState));

export const recordingStateNumber = numbered('RecordingStateNumber', RecordingState, {
  description: 'Uninitialized 0, Started 1, Stopped 2, Paused 3',
});
export const markingStateNumber = numbered('MarkingStateNumber', MarkingState, {
  description: 'None 0, Mark 1, Unmark 2',
});
export const savingStateNumber = numbered('SavingStateNumber', SavingState, {
  description: 'None 0, Save 1, Delete 2',
});
export const errorTypeNumber = numbered('ErrorType', ErrorType, {
  description: 'Configuration 1, Validation 2, Processing 3 (retryable)',
});
export const stateActionNumber = numbered('StateActionNumber', StateAction);
export const stateActionName = oneOf('StateAction', Object.keys(StateAction));
