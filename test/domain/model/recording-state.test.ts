import { describe, expect, test } from 'vitest';
import {
  isLegal,
  MarkingState,
  parseStateAction,
  RecordingState,
  recordingStateName,
  SavingState,
  StateAction,
  stateActionName,
  stateAfter,
} from '../../../src/domain/model/recording-state.ts';

test('states have the contract’s numbers', () => {
  expect(RecordingState).toEqual({ Uninitialized: 0, Started: 1, Stopped: 2, Paused: 3 });
  expect(MarkingState).toEqual({ None: 0, Mark: 1, Unmark: 2 });
  expect(SavingState).toEqual({ None: 0, Save: 1, Delete: 2 });
  expect(StateAction).toEqual({
    ...{ Start: 1, Stop: 2, Pause: 3 },
    ...{ Save: 4, Delete: 5, Mark: 6, UnMark: 7 },
  });
});

test('names', () => {
  expect(Object.values(RecordingState).map(recordingStateName)).toEqual(
    Object.keys(RecordingState),
  );
  expect(Object.values(StateAction).map(stateActionName)).toEqual(Object.keys(StateAction));
});

describe('parseStateAction', () => {
  test.each<[unknown, number]>([
    [3, 3],
    ['3', 3],
    ['Pause', 3],
    ['pAUSE', 3],
    [' Pause ', 3],
    [7, 7],
    ['unmark', 7],
    ['UnMark', 7],
    ['01', 1],
  ])('%j is %i', (value, action) => {
    expect(parseStateAction(value)).toBe(action);
  });

  test.each([
    ...[0, 8, -3, 1.5, Number.NaN, Infinity],
    ...['', ' ', '0', '8', '-3', '+3', '1.0', '0x3', '3e0', 'Resume', 'Pause,Stop', 'constructor'],
    ...[null, undefined, true, [3], {}],
  ])('%j is none', (value) => {
    expect(parseStateAction(value)).toBeUndefined();
  });
});

describe('the state machine', () => {
  const { Uninitialized, Started, Stopped, Paused } = RecordingState;
  const states = [Uninitialized, Started, Stopped, Paused];

  test.each([
    ['Start', [Started, undefined, Started, Started]],
    ['Pause', [undefined, Paused, undefined, undefined]],
    ['Stop', [Uninitialized, Stopped, Stopped, Stopped]],
    ['Save', states],
    ['Delete', states],
    ['Mark', states],
    ['UnMark', states],
  ] as const)('%s', (name, after) => {
    const action = StateAction[name];
    const outcomes = states.map((state) =>
      isLegal(action, state) ? stateAfter(action, state) : undefined,
    );
    expect(outcomes).toEqual(after);
  });
});
