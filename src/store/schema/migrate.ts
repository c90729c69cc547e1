import { type Kysely, sql } from 'kysely';
import { DEFAULT_MIGRATION_TABLE, Migrator } from 'kysely/migration';
import { up as first } from '../migrations/0001-first.ts';
import { up as webhooks } from '../migrations/0002-webhooks.ts';
import { up as access } from '../migrations/0003-access.ts';
import { up as pauses } from '../migrations/0004-pauses.ts';
import { up as media } from '../migrations/0005-media.ts';
import { up as assurance } from '../migrations/0006-assurance.ts';
import { up as archive } from '../migrations/0007-archive.ts';
import { up as ownership } from '../migrations/0008-ownership.ts';
import { up as keyPartitions } from '../migrations/0009-key-partitions.ts';
import { up as recordingSecrets } from '../migrations/0010-recording-secrets.ts';
import { up as truth } from '../migrations/0011-truth.ts';
import { up as dialogues } from '../migrations/0012-dialogues.ts';
import { up as metadata } from '../migrations/0013-metadata.ts';
import { up as eventOrder } from '../migrations/0014-event-order.ts';
import { up as generations } from '../migrations/0015-generations.ts';
import { up as auditLog } from '../migrations/0016-audit-log.ts';
import { up as configuration } from '../migrations/0017-configuration.ts';
import { up as openConfirmed } from '../migrations/0018-open-confirmed.ts';
import { up as identity } from '../migrations/0021-identity.ts';
import type { Schema } from '../rows/schema.ts';
import { SchemaError } from './schema-error.ts';
import { tablesOf } from './schema-tables.ts';

export const migrations = {
  '0001-first': { up: first },
  '0002-webhooks': { up: webhooks },
  '0003-access': { up: access },
  '0004-pauses': { up: pauses },
  '0005-media': { up: media },
  '0006-assurance': { up: assurance },
  '0007-archive': { up: archive },
  '0008-ownership': { up: ownership },
  '0009-key-partitions': { up: keyPartitions },
  '0010-recording-secrets': { up: recordingSecrets },
  '0011-truth': { up: truth },
  '0012-dialogues': { up: dialogues },
  '0013-metadata': { up: metadata },
  '0014-event-order': { up: eventOrder },
  '0015-generations': { up: generations },
  '0016-audit-log': { up: auditLog },
  '0017-configuration': { up: configuration },
  '0018-open-confirmed': { up: openConfirmed },
  '0021-identity': { up: identity },
};

/**
 * Migrates the database to the newest schema, once even if two processes start together.
 * @throws SchemaError if a newer release has changed it
 */
export async function migrateToLatest(kysely: Kysely<Schema>): Promise<void> {
  const provider = { getMigrations: async () => migrations };
  const unknown = (await doneMigrations(kysely)).filter((name) => !(name in migrations));
  if (unknown.length > 0) throw newerError(unknown);
  // Parallel work is merged out of numerical order.
  const options = { db: kysely, provider, allowUnorderedMigrations: true };
  const { error } = await new Migrator(options).migrateToLatest();
  if (error) throw error;
}

function newerError(unknown: readonly string[]): SchemaError {
  return new SchemaError(
    `The database was changed by a newer Hush (${unknown.join(', ')}), and cannot be used by this version: start the newer one, or restore a backup from before it`,
  );
}

async function doneMigrations(kysely: Kysely<Schema>): Promise<string[]> {
  const tables = await tablesOf(kysely, { withInternalKyselyTables: true });
  if (!tables.some(({ name }) => name === DEFAULT_MIGRATION_TABLE)) return [];
  const { rows } = await sql<{ name: string }>`
    select name from ${sql.table(DEFAULT_MIGRATION_TABLE)} order by name`.execute(kysely);
  return rows.map(({ name }) => name);
}

/** True when `migrateToLatest` would change something. */
export async function isBehind(kysely: Kysely<Schema>): Promise<boolean> {
  const provider = { getMigrations: async () => migrations };
  const known = await new Migrator({ db: kysely, provider }).getMigrations();
  return known.some(({ executedAt }) => executedAt === undefined);
}
