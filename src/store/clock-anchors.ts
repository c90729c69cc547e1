import type { AuditRecord } from '../domain/model/audit-record.ts';
import type { ClockAnchor, ClockAnchorStore } from '../domain/ports/clock-anchor-store.ts';
import type { CommitQueue } from './commit-queue.ts';
import { auditRow } from './rows/audit-rows.ts';
import type { Database } from './rows/database.ts';
import type { RowOf } from './rows/mapping.ts';

export class SqlClockAnchors implements ClockAnchorStore {
  readonly #database: Database;
  readonly #commits: CommitQueue;
  #belief = 0;

  constructor(database: Database, commits: CommitQueue) {
    this.#database = database;
    this.#commits = commits;
  }

  async anchors(): Promise<ClockAnchor[]> {
    const query = this.#database.kysely.selectFrom('clock_anchors').selectAll().orderBy('belief');
    const rows = await query.execute();
    this.#belief = Number(rows.at(-1)?.belief ?? 0);
    return rows.map(({ boot_id: bootId, at, monotonic_ms }) => ({
      at: Number(at),
      moment: { bootId, monotonicMs: Number(monotonic_ms) },
    }));
  }

  async save({ at, moment }: ClockAnchor, audit?: AuditRecord): Promise<void> {
    this.#belief += 1;
    const row = {
      boot_id: moment.bootId,
      belief: this.#belief,
      at,
      monotonic_ms: Math.round(moment.monotonicMs),
    };
    const rows: RowOf[] = [{ table: 'clock_anchors', row }];
    if (audit) rows.push({ table: 'access_trail', row: auditRow(audit) });
    await this.#commits.addRows(rows);
  }

  async lastEventAt(): Promise<number | undefined> {
    const query = this.#database.kysely.selectFrom('events').select('at');
    const row = await query.orderBy('position', 'desc').limit(1).executeTakeFirst();
    return row && Number(row.at);
  }
}
