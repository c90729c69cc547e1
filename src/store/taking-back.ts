import type { Kysely } from 'kysely';
import type { Doubtful } from '../domain/ports/event-store.ts';
import type { Schema } from './rows/schema.ts';

const tablesOfCall = ['tracks', 'call_parties', 'call_uccs'] as const;

/**
 * Deletes, within a transaction, changes never confirmed to anybody, once no session can add them.
 */
export async function remove(
  kysely: Kysely<Schema>,
  { events, neverBegan }: Doubtful,
): Promise<void> {
  // Every writing transaction holds this row: after this statement they have all ended.
  await kysely
    .updateTable('ownership')
    .set((eb) => ({ epoch: eb.ref('epoch') }))
    .execute();
  for (const { uccName, sequence, callId } of events) {
    for (const table of ['events', 'UCC_CallDetail'] as const) {
      await kysely
        .deleteFrom(table)
        .where('ucc_name', '=', uccName)
        .where('sequence', '=', sequence)
        .where('call_id', '=', callId)
        .execute();
    }
  }
  if (neverBegan === undefined) return;
  for (const table of tablesOfCall) {
    await kysely.deleteFrom(table).where('call_id', '=', neverBegan).execute();
  }
  await kysely.deleteFrom('calls').where('id', '=', neverBegan).execute();
}
