import type { Kysely } from 'kysely';
import type { Doubtful } from '../domain/ports/event-store.ts';
import type { Schema } from './rows/schema.ts';

const tablesOfCall = ['tracks', 'call_parties', 'call_uccs'] as const;

/** In a transaction: takes away what nobody was told of, once no session can add it any more. */
export async function remove(
  kysely: Kysely<Schema>,
  { events, neverBegan }: Doubtful,
): Promise<void> {
  // Every transaction that writes holds this row: behind this one they have all ended.
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
