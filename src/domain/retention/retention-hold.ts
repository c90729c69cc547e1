import type { CallRecord } from '../model/call-record.ts';
import type { ExpiryFilter, RetentionStore } from '../ports/retention-store.ts';
import type { UccRegistry } from '../ucc/ucc-registry.ts';
import type { ClockReading } from './trusted-clock.ts';

/** Recordings that retention would destroy, held until they are confirmed. */
export interface RetentionHold {
  /** `clock`: the wall clock is not trusted. `number`: more than a pass may destroy. */
  readonly reason: 'clock' | 'number';
  /** False: recordings surely due, whatever the wall clock says, are destroyed all the same. */
  readonly holdsAll: boolean;
  readonly detail: string;
  /** Recordings that would be destroyed; one of several UCCs counts for each of them. */
  readonly recordings: number;
  readonly uccs: readonly DueOfUcc[];
}

export interface DueOfUcc {
  readonly uccName: string;
  readonly recordings: number;
  /** Unix ms: recordings that began earlier. */
  readonly beganBefore: number;
}

/** The time when recordings of a UCC are due. */
export interface RetentionTerms {
  /** Unix ms: recordings that began earlier are due. */
  readonly before: number;
  readonly spareMarked: boolean;
}

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;

/** Returns the terms at `now`, Unix ms; undefined for a UCC that keeps recordings for ever. */
export function retentionTerms(
  uccs: UccRegistry,
  uccName: string,
  now: number,
): RetentionTerms | undefined {
  const ucc = uccs.get(uccName);
  if (!ucc || ucc.retentionDays === 0) return undefined;
  const before = now - ucc.retentionDays * DAY_MS;
  return { before, spareMarked: ucc.retentionSparesMarked };
}

export interface HoldPorts {
  readonly uccs: UccRegistry;
  readonly keeping: Pick<RetentionStore, 'expired' | 'expiredCount'>;
  readonly maxDestroyedPerPass: number;
}

/** Returns true when the recording is due at `now`, Unix ms, by all evidence of its age. */
export type IsDue = (record: CallRecord, now: number) => boolean;

const PAGE = 500;

/** @param maxRecordings that may be destroyed without confirmation */
export async function holdOf(
  ports: HoldPorts,
  { wall, now, offMs }: ClockReading,
  { maxRecordings, isDue }: { readonly maxRecordings: number; readonly isDue: IsDue },
): Promise<RetentionHold | undefined> {
  let proven = await dueAt(ports, now);
  // A recording made under a clock that was behind seems older than it is.
  if (sum(proven) > maxRecordings) proven = await dueAt(ports, now, isDue);
  const isTooMany = sum(proven) > maxRecordings;
  if (offMs !== 0) {
    const uccs = await dueAt(ports, Math.max(wall, wall - offMs), isDue);
    const recordings = sum(uccs);
    const detail = `${clockWords(offMs)}: ${recordings} recordings may be past their retention`;
    if (recordings > sum(proven) || isTooMany) {
      return { reason: 'clock', holdsAll: isTooMany, detail, recordings, uccs };
    }
  }
  if (!isTooMany) return undefined;
  const recordings = sum(proven);
  const detail = `${recordings} recordings are past their retention, more than archive.maxDestroyedPerPass (${ports.maxDestroyedPerPass})`;
  return { reason: 'number', holdsAll: true, detail, recordings, uccs: proven };
}

/** @param isDue applied to each; without it the database counts fast, an upper bound */
async function dueAt(
  { uccs, keeping }: HoldPorts,
  now: number,
  isDue?: IsDue,
): Promise<DueOfUcc[]> {
  const due: DueOfUcc[] = [];
  for (const { name: uccName } of uccs.list()) {
    const terms = retentionTerms(uccs, uccName, now);
    if (!terms) continue;
    const filter = { uccName, ...terms };
    const recordings = isDue
      ? await countOf(keeping, filter, (record) => isDue(record, now))
      : await keeping.expiredCount(filter);
    if (recordings > 0) due.push({ uccName, recordings, beganBefore: terms.before });
  }
  return due;
}

async function countOf(
  keeping: HoldPorts['keeping'],
  filter: ExpiryFilter,
  isDue: (record: CallRecord) => boolean,
): Promise<number> {
  let count = 0;
  for (let after: CallRecord | undefined; ; ) {
    const page = await keeping.expired({ ...filter, after, limit: PAGE });
    count += page.filter(isDue).length;
    after = page.at(-1);
    if (!after) return count;
  }
}

function sum(due: readonly DueOfUcc[]): number {
  return due.reduce((total, { recordings }) => total + recordings, 0);
}

function clockWords(offMs: number): string {
  const minutes = Math.round(Math.abs(offMs) / MINUTE_MS);
  const [days, hours] = [Math.floor(minutes / 1_440), Math.floor(minutes / 60) % 24];
  const length = days > 0 ? `${days} d ${hours} h` : `${hours} h ${minutes % 60} min`;
  if (offMs < 0) return `The wall clock is ${length} behind where it last was`;
  return `The wall clock is ${length} ahead of the time that is known to have passed`;
}
