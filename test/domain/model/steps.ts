import type { StoreFault } from './simulated-store.ts';

type GateKind = 'pause' | 'start' | 'stop' | 'takeA' | 'releaseA';
export type CommandKind =
  | GateKind
  | 'takeB'
  | 'releaseB'
  | 'pauseOther'
  | 'startOther'
  | 'save'
  | 'delete';
type SessionKind = 'join' | 'joinOther' | 'leave' | 'leaveAll' | 'hold' | 'release';
type FaultKind = 'workerDies' | 'crash' | 'reboot' | 'thaw' | 'archiveFails' | 'pauseInStall';
type TimeKind = 'clockForth' | 'clockBack' | 'grace' | 'longPause' | 'off' | 'on';
export type Kind = CommandKind | SessionKind | FaultKind | TimeKind;

export interface Step {
  readonly kind: Kind;
  readonly fault?: StoreFault | 'fence' | 'close';
}

const gateKinds: readonly GateKind[] = ['pause', 'start', 'stop', 'takeA', 'releaseA'];
const faults = [
  undefined,
  ...(['fence', 'fails', 'answerLost', 'crashesBefore', 'crashesAfter'] as const),
] as const;

/** Steps that move one call's gate, each with every fault. */
export const gateSteps: readonly Step[] = [
  ...gateKinds.flatMap((kind) => faults.map((fault): Step => (fault ? { kind, fault } : { kind }))),
  ...(['takeB', 'releaseB', 'join', 'leave', 'hold', 'release', 'thaw'] as const).map(
    (kind): Step => ({ kind }),
  ),
  { kind: 'workerDies' },
  { kind: 'crash' },
];

/** Steps that make a dialogue of several parts, and settle it. */
export const dialogueSteps: readonly Step[] = [
  ...(['save', 'delete', 'pauseOther', 'startOther', 'joinOther', 'leaveAll'] as const).map(
    (kind): Step => ({ kind }),
  ),
  ...(['reboot', 'archiveFails', 'pauseInStall', 'clockForth', 'clockBack'] as const).map(
    (kind): Step => ({ kind }),
  ),
  ...(['grace', 'longPause', 'off', 'on'] as const).map((kind): Step => ({ kind })),
  { kind: 'off', fault: 'fence' },
  { kind: 'leaveAll', fault: 'close' },
  ...(['fails', 'crashesBefore', 'crashesAfter'] as const).flatMap((fault): Step[] => [
    { kind: 'leaveAll', fault },
    { kind: 'delete', fault },
    { kind: 'save', fault },
  ]),
];

export const stepsOfEveryKind: readonly Step[] = [...gateSteps, ...dialogueSteps];
