import type { Kysely } from 'kysely';
import type { Role } from '../domain/access.ts';
import type { AuditRecord } from '../domain/audit-log.ts';
import type { Client, PeopleStore, User } from '../domain/people.ts';
import { auditRow } from './audit-rows.ts';
import type { CommitQueue } from './commit-queue.ts';
import type { Schema } from './schema.ts';
import type { ClientTable, UserTable } from './tables.ts';

/**
 * Users and clients of the embedded issuer, each change in one commit with its row of the audit
 * log. Who is removed stays as a row without a hash: the log goes on naming somebody.
 */
export class SqlPeopleStore implements PeopleStore {
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

  saveUser(user: User, audit: AuditRecord): Promise<void> {
    return this.#commits.addRows([
      { table: 'users', row: userRow(user) },
      { table: 'access_trail', row: auditRow(audit) },
    ]);
  }

  async removeUser(name: string, audit: AuditRecord): Promise<boolean> {
    const user = await this.user(name);
    if (!user) return false;
    const row = { ...userRow(user), password_hash: '', removed_at: audit.at };
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

  saveClient(client: Client, audit: AuditRecord): Promise<void> {
    return this.#commits.addRows([
      { table: 'clients', row: clientRow(client) },
      { table: 'access_trail', row: auditRow(audit) },
    ]);
  }

  async removeClient(id: string, audit: AuditRecord): Promise<boolean> {
    const client = await this.client(id);
    if (!client) return false;
    const row = { ...clientRow(client), secret_hash: '', removed_at: audit.at };
    await this.#commits.addRows([
      { table: 'clients', row },
      { table: 'access_trail', row: auditRow(audit) },
    ]);
    return true;
  }
}

function clientRow({ id, secretHash, createdAt }: Client): ClientTable {
  return { id, secret_hash: secretHash, created_at: createdAt, removed_at: null };
}

function userRow(user: User): UserTable {
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
    createdAt: Number(row.created_at),
  };
}

function clientOf(row: ClientTable): Client {
  return { id: row.id, secretHash: row.secret_hash, createdAt: Number(row.created_at) };
}
