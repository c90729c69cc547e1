import { SqliteAdapter, sql } from 'kysely';
import type { Database } from '../../src/store/rows/database.ts';

/** Beginning of the oldest recording, and the interval between recordings. */
export const epoch = Date.UTC(2024, 0, 1);
export const spacingMs = 30_000;

const hours = 3_600_000;

/**
 * Fills an archive with kept recordings, inside the database: 20 UCCs, 500 agents, each caller
 * once; 1 in 100 marked, 1 in 50 saved, 1 in 1,000 over an hour long, 1 in 10,000 with an erased
 * part.
 * @returns a function that gives the id of a recording by its number
 */
export async function archivedCalls(
  { kysely }: Database,
  count: number,
): Promise<(number: number) => string> {
  const isSqlite = kysely.getExecutor().adapter instanceof SqliteAdapter;
  const padded = isSqlite ? sql`printf('%012d', n)` : sql`lpad(n::text, 12, '0')`;
  const numbers = isSqlite
    ? sql`with recursive numbers(n) as (select 0 union all select n + 1 from numbers where n < ${sql.lit(count - 1)})`
    : sql`with numbers(n) as (select generate_series(0, ${sql.lit(count - 1)}))`;
  const id = sql`'00000000-0000-4000-8000-' || ${padded}`;
  const text = (value: ReturnType<typeof sql>) =>
    isSqlite ? sql`(${value})` : sql`(${value})::text`;
  const beganAt = isSqlite
    ? sql`${sql.lit(epoch)} + n * ${sql.lit(spacingMs)}`
    : sql`${sql.lit(epoch)}::bigint + n::bigint * ${sql.lit(spacingMs)}`;
  const agent = sql`'agent-' || ${text(sql`n % 500`)}`;
  const parties = sql`'[{"aor":"sip:' || ${agent} || '@x","name":null,"role":"agent"},{"aor":"tel:+3188' || ${text(sql`n`)} || '","name":null,"role":"other"}]'`;
  await sql`
    insert into calls (id, correlation_id, ucc_name, recording_state, marking_state, saving_state,
      pause_confirmed, leases, status, recorded, version, first_sequence, last_sequence, began_at,
      ended_at, length_ms, parties, gap_ms, gap_reasons)
    ${numbers}
    select ${id}, ${id}, 'ucc-' || ${text(sql`n % 20`)}, 1,
      case when n % 100 = 0 then 1 else 0 end, case when n % 50 = 0 then 1 else 0 end,
      1, '[]', 'kept', 1, 7, n, n, ${beganAt}, ${beganAt} + 300000,
      case when n % 1000 = 0 then ${sql.lit(2 * hours)} else 30000 + n % 600000 end, ${parties},
      n % 20000, case when n % 10000 = 0 then 257 when n % 3 = 0 then 1 else 0 end
    from numbers`.execute(kysely);
  for (const [key, isAgent] of [
    [sql`${agent} || '@x'`, 1],
    [agent, 1],
    [sql`'+3188' || ${text(sql`n`)}`, 0],
  ] as const) {
    await sql`
      insert into call_parties (party_key, began_at, call_id, ucc_name, is_agent)
      ${numbers}
      select ${key}, ${beganAt}, ${id}, 'ucc-' || ${text(sql`n % 20`)}, ${sql.lit(isAgent)}
      from numbers`.execute(kysely);
  }
  if (!isSqlite) await sql`vacuum analyze calls, call_parties`.execute(kysely);
  return (number) => `00000000-0000-4000-8000-${String(number).padStart(12, '0')}`;
}
