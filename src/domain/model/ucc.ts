import { uriKey } from '../identifiers/sip-uri.ts';
import type { PauseExpiry } from './lease.ts';

/** A Unified Contact Center: a queue with its own settings, agents and supervisors. */
export interface Ucc {
  /** Technical name: lower case without blanks, the user part of its SIP endpoint. */
  readonly name: string;
  readonly useAudioRecording: boolean;
  readonly agentCanEditAudioRecording: boolean;
  readonly saveRecordingByDefault: boolean;
  /** False: a call is Uninitialized until the first Start. */
  readonly recordFromStart: boolean;
  /** Handling of leases that were not renewed. */
  readonly onPauseExpiry: PauseExpiry;
  /** A longer pause raises an alarm; 0: never. */
  readonly maxPauseMs: number;
  /** Audio younger than this is held in memory only, and erased by a Pause. */
  readonly pauseLookbackMs: number;
  /** True when digits heard as tones are left out of the recording. */
  readonly suppressDtmf: boolean;
  /** Days after their beginning when recordings are destroyed; 0: never. */
  readonly retentionDays: number;
  /** Marked recordings are kept all the same. */
  readonly retentionSparesMarked: boolean;
  readonly agents: readonly string[];
  readonly supervisors: readonly string[];
}

/** A hundred years. */
export const MAX_RETENTION_DAYS = 36_525;

export const uccDefaults = {
  useAudioRecording: false,
  agentCanEditAudioRecording: false,
  saveRecordingByDefault: true,
  recordFromStart: true,
  onPauseExpiry: 'keep',
  maxPauseMs: 900_000,
  pauseLookbackMs: 0,
  suppressDtmf: true,
  retentionDays: 0,
  retentionSparesMarked: true,
  agents: [],
  supervisors: [],
} as const satisfies Omit<Ucc, 'name'>;

export type UccSettings = Partial<Omit<Ucc, 'name'>>;

/** 1 to 64 characters that a SIP user part and a path segment both carry unescaped. */
export const uccNamePattern = '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$';

/** Returns the name's key: names compare without regard to case and surrounding blanks. */
export function uccKey(name: string): string {
  return name.trim().toLowerCase();
}

/** Fills in settings missing in `settings` from `base`, and lists every member once. */
export function withSettings(base: Ucc, settings: UccSettings): Ucc {
  const merged = { ...base, ...settings };
  return { ...merged, agents: distinct(merged.agents), supervisors: distinct(merged.supervisors) };
}

export function newUcc(name: string, settings: UccSettings = {}): Ucc {
  return withSettings({ ...uccDefaults, name: uccKey(name) }, settings);
}

export function isSameUcc(one: Ucc, other: Ucc): boolean {
  return (Object.keys(one) as (keyof Ucc)[]).every(
    (name) => JSON.stringify(one[name]) === JSON.stringify(other[name]),
  );
}

/**
 * Returns true when recordings kept under `before` may be destroyed under `after`: those of calls
 * in progress as soon as they end without a Save. Settings that record less destroy nothing.
 */
export function keepsShorter(before: Ucc, after: Ucc): boolean {
  if (before.saveRecordingByDefault && !after.saveRecordingByDefault) return true;
  const days = ({ retentionDays }: Ucc): number => retentionDays || Number.POSITIVE_INFINITY;
  if (days(after) < days(before)) return true;
  return before.retentionSparesMarked && !after.retentionSparesMarked && after.retentionDays > 0;
}

/** Agents and supervisors may command; the requester need not be on the call. */
export function isMember(ucc: Ucc, uri: string): boolean {
  return isAgent(ucc, uri) || isSupervisor(ucc, uri);
}

export function isAgent(ucc: Pick<Ucc, 'agents'>, uri: string): boolean {
  return has(ucc.agents, uri);
}

export function isSupervisor(ucc: Ucc, uri: string): boolean {
  return has(ucc.supervisors, uri);
}

/** Cached per list: lists never change, and a new one replaces the old one. */
const keysOf = new WeakMap<readonly string[], ReadonlySet<string>>();

function has(members: readonly string[], uri: string): boolean {
  const keys = keysOf.get(members) ?? new Set(members.map(uriKey));
  keysOf.set(members, keys);
  return keys.has(uriKey(uri));
}

function distinct(members: readonly string[]): string[] {
  const byKey = new Map(members.map((member) => [uriKey(member), member.trim()]));
  return [...byKey.values()];
}
