import pg from 'pg';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { OutcomeUnknownError, StoreUnavailableError } from '../../src/domain/model/errors.ts';
import { openPostgres } from '../../src/store/postgres/postgres.ts';
import { SqlStore } from '../../src/store/store.ts';
import { CutNetwork } from '../support/cut-network.ts';
import { longTest } from '../support/length.ts';
import { type PostgresServer, startPostgres } from './database-servers.ts';
import { aCall, anEvent } from './samples.ts';

const TIMEOUT_MS = 1_500;
/** Time for a server on a busy machine to come back. */
const PATIENT_MS = 30_000;
/** A timer, and a turn of a busy machine. */
const SLACK_MS = 500;

let server: PostgresServer;
let network: CutNetwork;
let url = '';
let store: SqlStore;

beforeAll(async () => {
  server = await startPostgres();
});
afterAll(() => server.stop());
beforeEach(async () => {
  url = (await server.empty()).url ?? '';
  network = await CutNetwork.to(server.port);
  store = await open();
});
afterEach(async () => {
  server.thaw();
  await store.close();
  await network.close();
});

function open(timeoutMs = TIMEOUT_MS): Promise<SqlStore> {
  const more = { maxConnections: 2, timeoutMs, onConnectionLost: () => undefined };
  return SqlStore.open(openPostgres({ url: network.through(url), ...more }));
}

/** Queries past the network, as somebody else. */
async function query<Row extends pg.QueryResultRow>(text: string): Promise<Row[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Row>(text)).rows;
  } finally {
    await client.end();
  }
}

const endSessions =
  'select pg_terminate_backend(pid) from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()';

/** Commits, and returns the result and its duration. */
async function commit(call = aCall()) {
  const began = performance.now();
  const outcome = await store.commit({ call }).then(
    () => 'done' as const,
    (cause: unknown) => cause,
  );
  return { id: call.id, outcome, ms: performance.now() - began };
}

async function storedIds(): Promise<Set<string>> {
  return new Set((await query<{ id: string }>('select id from calls')).map(({ id }) => id));
}

describe('a connection lost at work', () => {
  beforeEach(async () => {
    await store.close();
    store = await open(PATIENT_MS);
  });

  it('when its session ends: the commit succeeds on another one', async () => {
    const outcomes: Awaited<ReturnType<typeof commit>>[] = [];
    let isOver = false;
    const committing = (async () => {
      while (!isOver) outcomes.push(...(await Promise.all([commit(), commit(), commit()])));
    })();
    for (let round = 0; round < 20; round += 1) await query(endSessions);
    isOver = true;
    await committing;
    expect(outcomes.filter(({ outcome }) => outcome !== 'done')).toEqual([]);
    const stored = await storedIds();
    expect(outcomes.every(({ id }) => stored.has(id))).toBe(true);
    expect(stored.size).toBe(outcomes.length);
  });

  longTest('by a restart of the server', async () => {
    const first = commit();
    const restarted = server.restart();
    const more = Array.from({ length: 10 }, () => commit());
    await restarted;
    const all = await Promise.all([first, ...more, commit()]);
    expect(all.map(({ outcome }) => outcome)).toEqual(all.map(() => 'done'));
    expect((await storedIds()).size).toBe(all.length);
  });

  it('after its COMMIT: the outcome is queried, and the row is there once', async () => {
    const call = aCall();
    const event = anEvent(call, 1);
    const lost = network.loseAnswer(false);
    const committed = store.commit({ call, event });
    await lost;
    await committed;
    expect((await storedIds()).size).toBe(1);
    expect(await query('select * from events')).toHaveLength(1);
  });
});

describe('a network that is cut', () => {
  it('after a COMMIT: the outcome is unknown, and is taken back', async () => {
    const call = aCall();
    const event = anEvent(call, 1);
    const lost = network.loseAnswer(true);
    const began = performance.now();
    const committed = store.commit({ call, event });
    await lost;
    await expect(committed).rejects.toThrow(OutcomeUnknownError);
    expect(performance.now() - began).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    expect([...(await storedIds())]).toEqual([call.id]);
    network.mend();
    await expect.poll(() => outcomeOf(store.takeBack({ events: [event] }))).toBe('done');
    expect(await query('select * from events')).toEqual([]);
    await store.takeBack({ events: [event], neverBegan: call.id });
    expect((await storedIds()).size).toBe(0);
  });

  longTest('before it: nothing is written, and once it is mended all goes on', async () => {
    network.cut();
    const first = await commit();
    expect(first.outcome).toBeInstanceOf(StoreUnavailableError);
    expect(first.ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    const second = await commit();
    expect(second.outcome).toBeInstanceOf(StoreUnavailableError);
    expect(second.ms).toBeLessThan(SLACK_MS);
    await expect(store.mustAnswer()).rejects.toThrow(StoreUnavailableError);
    network.mend();
    await expect.poll(async () => (await commit()).outcome).toBe('done');
    const stored = await storedIds();
    expect(stored.has(first.id) || stored.has(second.id)).toBe(false);
    await store.mustAnswer();
  });
});

describe('a server that freezes', () => {
  longTest('delays nobody beyond the time-out, and afterwards nobody at all', async () => {
    await commit();
    server.freeze();
    const first = await Promise.all([commit(), outcomeOf(store.uccs()), commit()]);
    for (const one of first) expect(one).not.toBe('done');
    const [{ ms }, , later] = first;
    expect(Math.max(ms, later.ms)).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    const second = await commit();
    expect(second.outcome).toBeInstanceOf(StoreUnavailableError);
    expect(second.ms).toBeLessThan(SLACK_MS);
    server.thaw();
    await expect.poll(async () => (await commit()).outcome).toBe('done');
  });

  longTest('in one session: the others go on', async () => {
    await commit();
    const [session] = await query<{ pid: number }>(
      "select pid from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid() and state = 'idle' and query = 'commit'",
    );
    server.freeze(session?.pid);
    const [first, second] = await Promise.all([commit(), commit()]);
    for (const { ms } of [first, second]) expect(ms).toBeLessThan(TIMEOUT_MS + SLACK_MS);
    const { outcome, ms } = await commit();
    expect(outcome).toBe('done');
    expect(ms).toBeLessThan(SLACK_MS);
  });
});

async function outcomeOf(asked: Promise<unknown>): Promise<unknown> {
  return asked.then(
    () => 'done',
    (cause: unknown) => cause,
  );
}
