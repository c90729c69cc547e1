import type { Kysely } from 'kysely';
import { partyKeys } from '../../domain/identifiers/party-keys.ts';
import type { CallRecord } from '../../domain/model/call-record.ts';
import type { Schema } from '../rows/schema.ts';

const BATCH = 500;

/** Adds the unreadable part of a call's metadata, and finds parties in every spelling. */
export async function up(db: Kysely<Schema>): Promise<void> {
  await db.schema.alterTable('calls').addColumn('metadata_incomplete', 'text').execute();
  await db.deleteFrom('call_parties').execute();
  for (let after = ''; ; ) {
    const calls = await db
      .selectFrom('calls')
      .select(['id', 'ucc_name', 'began_at', 'parties'])
      .where('id', '>', after)
      .orderBy('id')
      .limit(BATCH)
      .execute();
    for (const call of calls) {
      const rows = partyRows(call);
      if (rows.length > 0) await db.insertInto('call_parties').values(rows).execute();
    }
    const last = calls.at(-1);
    if (!last) return;
    after = last.id;
  }
}

function partyRows(call: { id: string; ucc_name: string; began_at: number; parties: string }) {
  const { id: call_id, ucc_name, began_at, parties } = call;
  const found = new Map<string, number>();
  for (const { aor, role } of JSON.parse(parties) as CallRecord['parties']) {
    for (const key of partyKeys(aor)) {
      found.set(key, Math.max(found.get(key) ?? 0, Number(role === 'agent')));
    }
  }
  return [...found].map(([party_key, is_agent]) => ({
    party_key,
    began_at,
    call_id,
    ucc_name,
    is_agent,
  }));
}
