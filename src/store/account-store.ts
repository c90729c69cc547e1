import { type Kysely, sql } from 'kysely';
import type { Client, ClientRecord, User, UserRecord } from '../domain/model/account.ts';
import type { AuditRecord } from '../domain/model/audit-record.ts';
import type { Role } from '../domain/model/principal.ts';
import type { AccountStore } from '../domain/ports/account-store.ts';
import type { CommitQueue } from './commit-queue.ts';
import { auditRow } from './rows/audit-rows.ts';
import type { Schema } from './rows/schema.ts';
import type { ClientTable, UserTable } from './rows/tables.ts';

/**
 * Users and clients of the embedded issuer, each change in one commit with its audit log row. A
 * removed account stays as a row without a hash, so that the log still refers to somebody.
 */
export class SqlAccountStore implements AccountStore {
  readonly #kysely: Kysely<Schema>;
  readonly #commits: CommitQueue;

  constructor(kysely: Kysely<Schema>, commits: CommitQueue) {
    this.#kysely = kysely;
    this.#commits = commits;
  }

  async user(name: string): Promise<User | undefined> {
    const row = await this.#kysely
      .selectFrom('users')
      .selectAll()
      .where('name', '=', name.toLowerCase())
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    return row ? userOf(row) : undefined;
  }

  async users(): Promise<User[]> {
    const rows = await this.#kysely
      .selectFrom('users')
      .selectAll()
      .where('removed_at', 'is', null)
      .orderBy('name')
      .execute();
    return rows.map(userOf);
  }

  async saveUser(user: UserRecord, audit: AuditRecord): Promise<void> {
    const before = await this.#userRow(user.name);
    await this.#commits.addRows([
      { table: 'users', row: userRow(user, before, audit.at) },
      { table: 'access_trail', row: auditRow(audit) },
    ]);
  }

  async removeUser(name: string, audit: AuditRecord): Promise<boolean> {
    const before = await this.#userRow(name);
    if (!before || before.removed_at !== null) return false;
    const generation = raised(before, audit.at);
    const row = { ...before, password_hash: '', removed_at: audit.at, generation };
    await this.#commits.addRows([
      { table: 'users', row },
      { table: 'access_trail', row: auditRow(audit) },
    ]);
    return true;
  }

  async client(id: string): Promise<Client | undefined> {
    const row = await this.#kysely
      .selectFrom('clients')
      .selectAll()
      .where('id', '=', id)
      .where('removed_at', 'is', null)
      .executeTakeFirst();
    return row ? clientOf(row) : undefined;
  }

  async clients(): Promise<Client[]> {
    const rows = await this.#kysely
      .selectFrom('clients')
      .selectAll()
      .where('removed_at', 'is', null)
      .orderBy('id')
      .execute();
    return rows.map(clientOf);
  }

  async saveClient(client: ClientRecord, audit: AuditRecord): Promise<void> {
    const before = await this.#clientRow(client.id);
    await this.#commits.addRows([
      { table: 'clients', row: clientRow(client, before, audit.at) },
      { table: 'access_trail', row: auditRow(audit) },
    ]);
  }

  async removeClient(id: string, audit: AuditRecord): Promise<boolean> {
    const before = await this.#clientRow(id);
    if (!before || before.removed_at !== null) return false;
    const generation = raised(before, audit.at);
    const row = { ...before, secret_hash: '', removed_at: audit.at, generation };
    await this.#commits.addRows([
      { table: 'clients', row },
      { table: 'access_trail', row: auditRow(audit) },
    ]);
    return true;
  }

  /**
   * Returns a mark that differs after every change: a change is a new row or generation, and alters
   * the sum of all.
   */
  async generationMark(): Promise<string> {
    const sums = await Promise.all(
      (['users', 'clients'] as const).map((table) =>
        this.#kysely
          .selectFrom(table)
          .select([sql`count(*)`.as('rows'), sql`sum(generation % ${SUMMED_BELOW})`.as('sum')])
          .executeTakeFirst(),
      ),
    );
    return sums.map((found) => `${found?.rows}:${found?.sum}`).join();
  }

  async generations() {
    const users = await this.#kysely.selectFrom('users').select(['name', 'generation']).execute();
    const clients = await this.#kysely.selectFrom('clients').select(['id', 'generation']).execute();
    return {
      users: new Map(users.map(({ name, generation }) => [name, Number(generation)])),
      clients: new Map(clients.map(({ id, generation }) => [id, Number(generation)])),
    };
  }

  /** Returns the row of a removed user too: a later user of that name continues its generation. */
  #userRow(name: string): Promise<UserTable | undefined> {
    return this.#kysely
      .selectFrom('users')
      .selectAll()
      .where('name', '=', name.toLowerCase())
      .executeTakeFirst();
  }

  #clientRow(id: string): Promise<ClientTable | undefined> {
    return this.#kysely.selectFrom('clients').selectAll().where('id', '=', id).executeTakeFirst();
  }
}

/** A prime small enough that a million summed remainders stay exact. */
const SUMMED_BELOW = 1_000_000_007;

/** Two processes that change the same row raise it to two different numbers, but for a tie. */
function raised(before: { readonly generation: number } | undefined, now: number): number {
  return Math.max(Number(before?.generation ?? 0) + 1, now);
}

function clientRow(
  { id, secretHash, createdAt }: ClientRecord,
  before: ClientTable | undefined,
  now: number,
): ClientTable {
  const isSame = before?.removed_at === null && before.secret_hash === secretHash;
  const generation = isSame ? Number(before.generation) : raised(before, now);
  return { id, secret_hash: secretHash, created_at: createdAt, removed_at: null, generation };
}

/** Another password, role, UCC or URI ends earlier tokens; unchanged values do not. */
function userRow(user: UserRecord, before: UserTable | undefined, now: number): UserTable {
  const row = rowWithout(user);
  const isSame =
    before !== undefined &&
    (['password_hash', 'roles', 'uccs', 'sip_uri', 'removed_at'] as const).every(
      (column) => before[column] === row[column],
    );
  return { ...row, generation: isSame ? Number(before.generation) : raised(before, now) };
}

function rowWithout(user: UserRecord): Omit<UserTable, 'generation'> {
  return {
    name: user.name.toLowerCase(),
    password_hash: user.passwordHash,
    roles: JSON.stringify(user.roles),
    uccs: JSON.stringify(user.uccs),
    sip_uri: user.sipUri,
    created_at: user.createdAt,
    removed_at: null,
  };
}

function userOf(row: UserTable): User {
  return {
    name: row.name,
    passwordHash: row.password_hash,
    roles: JSON.parse(row.roles) as Role[],
    uccs: JSON.parse(row.uccs) as string[],
    sipUri: row.sip_uri,
    generation: Number(row.generation),
    createdAt: Number(row.created_at),
  };
}

function clientOf(row: ClientTable): Client {
  return {
    id: row.id,
    secretHash: row.secret_hash,
    generation: Number(row.generation),
    createdAt: Number(row.created_at),
  };
}
