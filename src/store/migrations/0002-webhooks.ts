import type { Kysely } from 'kysely';
import type { Schema } from '../rows/schema.ts';

export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema
    .createTable('webhooks')
    .addColumn('name', 'text', (column) => column.primaryKey())
    .addColumn('url', 'text', (column) => column.notNull())
    .addColumn('uccs', 'text', (column) => column.notNull())
    .addColumn('secret', 'text', (column) => column.notNull())
    .addColumn('enabled', 'integer', (column) => column.notNull())
    .execute();
  await db.schema
    .createTable('webhook_cursors')
    .addColumn('webhook', 'text', (column) => column.notNull())
    .addColumn('ucc_name', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('webhook_cursors_key', ['webhook', 'ucc_name'])
    .execute();
  await db.schema
    .createTable('webhook_dead_letters')
    .addColumn('webhook', 'text', (column) => column.notNull())
    .addColumn('ucc_name', 'text', (column) => column.notNull())
    .addColumn('sequence', 'bigint', (column) => column.notNull())
    .addColumn('attempts', 'integer', (column) => column.notNull())
    .addColumn('last_status', 'integer')
    .addColumn('reason', 'text', (column) => column.notNull())
    .addColumn('failed_at', 'bigint', (column) => column.notNull())
    .addPrimaryKeyConstraint('webhook_dead_letters_key', ['webhook', 'ucc_name', 'sequence'])
    .execute();
}
