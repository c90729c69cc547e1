import type { Kysely } from 'kysely';
import type { AuditRecord } from '../domain/model/audit-record.ts';
import type {
  DeadLetter,
  DeadLetterPage,
  Webhook,
  WebhookCursor,
} from '../domain/model/webhook.ts';
import type { WebhookStore } from '../domain/ports/webhook-store.ts';
import type { CommitQueue } from './commit-queue.ts';
import { auditRow } from './rows/audit-rows.ts';
import type { Database } from './rows/database.ts';
import type { RowOf } from './rows/mapping.ts';
import type { Schema } from './rows/schema.ts';
import type { WebhookDeadLetterTable, WebhookTable } from './rows/tables.ts';

/** Webhooks, their cursors and given-up deliveries, written through the store's commit queue. */
export class SqlWebhookStore implements WebhookStore {
  readonly #database: Database;
  readonly #commits: CommitQueue;

  constructor(database: Database, commits: CommitQueue) {
    this.#database = database;
    this.#commits = commits;
  }

  async webhooks(): Promise<Webhook[]> {
    const rows = await this.#kysely.selectFrom('webhooks').selectAll().orderBy('name').execute();
    return rows.map(webhookOf);
  }

  async cursors(webhook: string): Promise<Map<string, number>> {
    const rows = await this.#kysely
      .selectFrom('webhook_cursors')
      .select(['ucc_name', 'sequence'])
      .where('webhook', '=', webhook)
      .execute();
    return new Map(rows.map((row) => [row.ucc_name, Number(row.sequence)]));
  }

  save(webhook: Webhook, cursors: readonly WebhookCursor[], audit?: AuditRecord): Promise<void> {
    const rows = [webhookRow(webhook), ...cursors.map(cursorRow), ...auditRows(audit)];
    return this.#commits.addRows(rows);
  }

  remove(webhook: string, audit?: AuditRecord): Promise<void> {
    return this.#database.remove(
      [
        { table: 'webhooks', column: 'name', value: webhook },
        { table: 'webhook_cursors', column: 'webhook', value: webhook },
        { table: 'webhook_dead_letters', column: 'webhook', value: webhook },
      ],
      auditRows(audit),
    );
  }

  noteRedelivery(audit: AuditRecord): Promise<void> {
    return this.#commits.addRows(auditRows(audit));
  }

  advance(cursor: WebhookCursor, deadLetter?: DeadLetter): Promise<void> {
    const letters = deadLetter ? [deadLetterRow(deadLetter)] : [];
    return this.#commits.addRows([cursorRow(cursor), ...letters]);
  }

  async deadLetters(webhook: string, { after, limit }: DeadLetterPage): Promise<DeadLetter[]> {
    let query = this.#database.reader
      .selectFrom('webhook_dead_letters')
      .selectAll()
      .where('webhook', '=', webhook)
      .orderBy('ucc_name')
      .orderBy('sequence')
      .limit(limit);
    if (after) {
      query = query.where((eb) =>
        eb.or([
          eb('ucc_name', '>', after.uccName),
          eb.and([eb('ucc_name', '=', after.uccName), eb('sequence', '>', after.sequence)]),
        ]),
      );
    }
    return (await query.execute()).map(deadLetterOf);
  }

  async deadLetterCount(webhook: string): Promise<number> {
    const row = await this.#database.reader
      .selectFrom('webhook_dead_letters')
      .select((eb) => eb.fn.countAll().as('count'))
      .where('webhook', '=', webhook)
      .executeTakeFirstOrThrow();
    return Number(row.count);
  }

  saveDeadLetter(deadLetter: DeadLetter): Promise<void> {
    return this.#commits.addRows([deadLetterRow(deadLetter)]);
  }

  async removeDeadLetter({ webhook, uccName, sequence }: WebhookCursor): Promise<void> {
    await this.#database.change((kysely) =>
      kysely
        .deleteFrom('webhook_dead_letters')
        .where('webhook', '=', webhook)
        .where('ucc_name', '=', uccName)
        .where('sequence', '=', sequence)
        .execute(),
    );
  }

  get #kysely(): Kysely<Schema> {
    return this.#database.kysely;
  }
}

function auditRows(audit: AuditRecord | undefined): RowOf[] {
  return audit ? [{ table: 'access_trail', row: auditRow(audit) }] : [];
}

function webhookRow(webhook: Webhook): RowOf {
  return {
    table: 'webhooks',
    row: {
      name: webhook.name,
      url: webhook.url,
      uccs: JSON.stringify(webhook.uccs),
      secret: webhook.secret,
      enabled: Number(webhook.enabled),
    },
  };
}

function webhookOf(row: WebhookTable): Webhook {
  return {
    name: row.name,
    url: row.url,
    uccs: JSON.parse(row.uccs) as string[],
    secret: row.secret,
    enabled: Boolean(row.enabled),
  };
}

function cursorRow({ webhook, uccName, sequence }: WebhookCursor): RowOf {
  return { table: 'webhook_cursors', row: { webhook, ucc_name: uccName, sequence } };
}

function deadLetterRow(letter: DeadLetter): RowOf {
  return {
    table: 'webhook_dead_letters',
    row: {
      webhook: letter.webhook,
      ucc_name: letter.uccName,
      sequence: letter.sequence,
      attempts: letter.attempts,
      last_status: letter.lastStatus,
      reason: letter.reason,
      failed_at: letter.failedAt,
    },
  };
}

function deadLetterOf(row: WebhookDeadLetterTable): DeadLetter {
  return {
    webhook: row.webhook,
    uccName: row.ucc_name,
    sequence: Number(row.sequence),
    attempts: row.attempts,
    lastStatus: row.last_status,
    reason: row.reason as DeadLetter['reason'],
    failedAt: Number(row.failed_at),
  };
}
