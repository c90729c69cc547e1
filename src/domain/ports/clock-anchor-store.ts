import type { Moment } from '../common/moment.ts';
import type { AuditRecord } from '../model/audit-record.ts';

/** What the wall clock said at a moment at which it was believed. */
export interface ClockAnchor {
  /** Unix ms */
  readonly at: number;
  readonly moment: Moment;
}

export interface ClockAnchorStore {
  /** The last one of each boot, in the order in which they were believed. */
  anchors(): Promise<ClockAnchor[]>;
  /** @param audit who believes it, where a person does: in the same commit */
  save(anchor: ClockAnchor, audit?: AuditRecord): Promise<void>;
  /** Unix ms; undefined of a store without events. */
  lastEventAt(): Promise<number | undefined>;
}
