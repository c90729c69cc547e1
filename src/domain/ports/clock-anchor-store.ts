import type { Moment } from '../common/moment.ts';
import type { AuditRecord } from '../model/audit-record.ts';

/** A wall clock reading at a moment when the clock was trusted. */
export interface ClockAnchor {
  /** Unix ms */
  readonly at: number;
  readonly moment: Moment;
}

export interface ClockAnchorStore {
  /** Returns the last anchor of each boot, in the order in which they were saved. */
  anchors(): Promise<ClockAnchor[]>;
  /** @param audit row for a person's confirmation, in the same commit */
  save(anchor: ClockAnchor, audit?: AuditRecord): Promise<void>;
  /** Returns Unix ms; undefined for a store without events. */
  lastEventAt(): Promise<number | undefined>;
}
