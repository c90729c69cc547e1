/** The contract's `RecordingState`: the recorder as the `api` owner sees it. */
export const RecordingState = { Uninitialized: 0, Started: 1, Stopped: 2, Paused: 3 } as const;
export type RecordingState = (typeof RecordingState)[keyof typeof RecordingState];

export const MarkingState = { None: 0, Mark: 1, Unmark: 2 } as const;
export type MarkingState = (typeof MarkingState)[keyof typeof MarkingState];

export const SavingState = { None: 0, Save: 1, Delete: 2 } as const;
export type SavingState = (typeof SavingState)[keyof typeof SavingState];

/**
 * `Action` of a command and `StateAction` of an event; mind `UnMark` against the state's `Unmark`.
 */
export const StateAction = {
  Start: 1,
  Stop: 2,
  Pause: 3,
  Save: 4,
  Delete: 5,
  Mark: 6,
  UnMark: 7,
} as const;
export type StateActionName = keyof typeof StateAction;
export type StateAction = (typeof StateAction)[StateActionName];

const actionNames = new Map<StateAction, StateActionName>(
  Object.entries(StateAction).map(([name, action]) => [action, name as StateActionName]),
);
const actionsByName = new Map(
  Object.entries(StateAction).map(([name, action]) => [name.toLowerCase(), action]),
);
const stateNames = new Map<RecordingState, string>(
  Object.entries(RecordingState).map(([name, state]) => [state, name]),
);

export function stateActionName(action: StateAction): StateActionName {
  return actionNames.get(action) as StateActionName;
}

export function recordingStateName(state: RecordingState): string {
  return stateNames.get(state) as string;
}

/** Reads a number, a name, or a number in a string; returns undefined for everything else. */
export function parseStateAction(value: unknown): StateAction | undefined {
  if (typeof value === 'number')
    return actionNames.has(value as StateAction) ? (value as StateAction) : undefined;
  if (typeof value !== 'string') return undefined;
  const text = value.trim().toLowerCase();
  const byName = actionsByName.get(text);
  if (byName !== undefined) return byName;
  return /^\d+$/.test(text) ? parseStateAction(Number(text)) : undefined;
}

/*
 * The recorder's state machine, as the contract sees it:
 *
 *                       Start                Pause
 *   Uninitialized ---------------> Started ---------> Paused
 *                                   ^   ^  <---------   |
 *                             Start |   |    Start      |
 *                                   |   | Stop          | Stop
 *                                   |   v               |
 *                                  Stopped <------------+
 *
 * Stop is legal everywhere and changes nothing where nothing runs. There is no Resume.
 */
export function isLegal(action: StateAction, state: RecordingState): boolean {
  if (action === StateAction.Start) return state !== RecordingState.Started;
  if (action === StateAction.Pause) return state === RecordingState.Started;
  return true;
}

/** Returns the state after a legal command; Save, Delete, Mark and UnMark leave it unchanged. */
export function stateAfter(action: StateAction, state: RecordingState): RecordingState {
  if (action === StateAction.Start) return RecordingState.Started;
  if (action === StateAction.Pause) return RecordingState.Paused;
  const runs = state === RecordingState.Started || state === RecordingState.Paused;
  return action === StateAction.Stop && runs ? RecordingState.Stopped : state;
}
