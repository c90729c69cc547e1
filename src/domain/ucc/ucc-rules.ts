import type { PauseExpiry } from '../model/lease.ts';
import type { Ucc } from '../model/ucc.ts';

/** The combined rules of several UCCs for one call: where they differ, the stricter one applies. */
export type UccRules = Omit<Ucc, 'name'>;

/** The first is the strictest: it neither records nor forgets the pause. */
const strictestExpiries: readonly PauseExpiry[] = ['keep', 'stop', 'resume'];

/** @param uccs at least one */
export function strictestOf(uccs: readonly Ucc[]): UccRules {
  const every = (is: (ucc: Ucc) => boolean): boolean => uccs.every(is);
  return {
    useAudioRecording: every((ucc) => ucc.useAudioRecording),
    agentCanEditAudioRecording: every((ucc) => ucc.agentCanEditAudioRecording),
    saveRecordingByDefault: every((ucc) => ucc.saveRecordingByDefault),
    recordFromStart: every((ucc) => ucc.recordFromStart),
    onPauseExpiry:
      strictestExpiries.find((expiry) => uccs.some((ucc) => ucc.onPauseExpiry === expiry)) ??
      'keep',
    maxPauseMs: leastAboveZero(uccs.map((ucc) => ucc.maxPauseMs)),
    pauseLookbackMs: Math.max(...uccs.map((ucc) => ucc.pauseLookbackMs)),
    suppressDtmf: uccs.some((ucc) => ucc.suppressDtmf),
    retentionDays: leastAboveZero(uccs.map((ucc) => ucc.retentionDays)),
    retentionSparesMarked: every((ucc) => ucc.retentionSparesMarked),
    agents: uccs.flatMap((ucc) => ucc.agents),
    supervisors: uccs.flatMap((ucc) => ucc.supervisors),
  };
}

/** Returns the least value above zero, which stands for no limit. */
function leastAboveZero(values: readonly number[]): number {
  const limits = values.filter((value) => value > 0);
  return limits.length === 0 ? 0 : Math.min(...limits);
}
