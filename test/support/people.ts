import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { ServerOverrides } from '../../src/assemble/context.ts';
import { hashPassword, hashSecret } from '../../src/auth/password-hash.ts';
import { AuditLog } from '../../src/domain/access/audit-log.ts';
import type { User } from '../../src/domain/model/account.ts';
import type { Caller, Role } from '../../src/domain/model/principal.ts';
import { openSqlite } from '../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../src/store/store.ts';
import { agent, supervisor, TestHush, temporaryFolder } from './hush/hush.ts';

export const tenantId = '6f2c1f5e-0d7a-4b52-9a60-7f6c2a1e9d10';
export const clientId = 'coreapi';
export const clientSecret = 'the-secret-of-the-test-client';

export interface Person {
  readonly name: string;
  readonly password: string;
}

type NewUser = Pick<User, 'name' | 'roles' | 'uccs' | 'sipUri'>;

/** Adds a user of each role who sees all UCCs, and a client, to the store of a future Hush. */
export async function addDemoPeople(dataDir: string): Promise<Record<Role, Person>> {
  const uccs = ['*'];
  const of = (role: Role, sipUri: string | null = null): NewUser => {
    return { name: `the-${role}`, roles: [role], uccs, sipUri };
  };
  const users = [
    of('integrator'),
    of('agent', agent),
    of('supervisor', supervisor),
    of('auditor'),
    of('admin'),
  ];
  const people = await addPeople(dataDir, users);
  return Object.fromEntries(
    users.map(({ roles: [role] }, index) => [role, people[index]]),
  ) as Record<Role, Person>;
}

export async function addPeople(dataDir: string, users: readonly NewUser[]): Promise<Person[]> {
  mkdirSync(dataDir, { recursive: true });
  const store = await SqlStore.open(openSqlite(join(dataDir, 'hush.sqlite')));
  const auditLog = new AuditLog({ store, clock: Date, onError: () => undefined });
  const desk = auditLog.entry(atTheDesk, { action: 'user add', outcome: 'ok' });
  const createdAt = Date.now();
  const next = () => auditLog.entry(atTheDesk, { action: 'user add', outcome: 'ok' });
  const secretHash = await hashSecret(clientSecret);
  await store.people.saveClient({ id: clientId, secretHash, createdAt }, desk);
  for (const user of users) {
    const passwordHash = await hashPassword(passwordOf(user.name));
    await store.people.saveUser({ ...user, passwordHash, createdAt }, next());
  }
  await auditLog.close();
  await store.close();
  return users.map(({ name }) => ({ name, password: passwordOf(name) }));
}

/** Adds clients by their ids, with hashes of their secrets. */
async function addClients(dataDir: string, clients: Readonly<Record<string, string>>) {
  const store = await SqlStore.open(openSqlite(join(dataDir, 'hush.sqlite')));
  const auditLog = new AuditLog({ store, clock: Date, onError: () => undefined });
  for (const [id, secretHash] of Object.entries(clients)) {
    const entry = auditLog.entry(atTheDesk, { action: 'client add', outcome: 'ok' });
    await store.people.saveClient({ id, secretHash, createdAt: Date.now() }, entry);
  }
  await auditLog.close();
  await store.close();
}

function passwordOf(name: string): string {
  return `the password of ${name}`;
}

const atTheDesk: Caller = {
  principal: {
    key: '',
    name: 'test',
    client: null,
    roles: [],
    uccs: 'all',
    uris: new Set<string>(),
    expiresAt: null,
  },
  address: '',
  surface: 'cli',
};

export function tokenForm(person: Person, changes: Record<string, string> = {}): URLSearchParams {
  return new URLSearchParams({
    client_id: clientId,
    client_secret: clientSecret,
    username: person.name,
    password: person.password,
    grant_type: 'client_credentials',
    ...changes,
  });
}

export function tokenUrl(api: string): string {
  return `${api}/auth/realms/${tenantId}/protocol/openid-connect/token`;
}

/** Fetches a token as the contract documents it. */
export async function fetchToken(api: string, person: Person): Promise<string> {
  const response = await fetch(tokenUrl(api), { method: 'POST', body: tokenForm(person) });
  const answer = (await response.json()) as { access_token?: string };
  if (answer.access_token === undefined) throw new Error(`no token: ${JSON.stringify(answer)}`);
  return answer.access_token;
}

/** Starts a Hush that requires a token, with a user of each role. */
export async function hushWithPeople(
  overrides: ServerOverrides = {},
  furtherClients: Readonly<Record<string, string>> = {},
): Promise<{ hush: TestHush; people: Record<Role, Person> }> {
  const dataDir = temporaryFolder();
  const people = await addDemoPeople(dataDir);
  await addClients(dataDir, furtherClients);
  const hush = await TestHush.start({
    dataDir,
    overrides,
    config: (config) => ({
      ...config,
      auth: { ...config.auth, mode: 'embedded', tenantId, anonymous: false },
    }),
  });
  return { hush, people };
}
