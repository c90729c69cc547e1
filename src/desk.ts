import { mkdirSync } from 'node:fs';
import { hashPassword, hashSecret } from './auth/password-hash.ts';
import type { Config } from './config/schema.ts';
import { AccessTrail } from './domain/access-trail.ts';
import type { PeopleStore } from './domain/people.ts';
import { openDatabase } from './open-database.ts';
import { SqlStore } from './store/store.ts';

/** Where users and clients are added and removed; works beside a running Hush. */
export interface Desk {
  readonly people: PeopleStore;
  readonly trail: Pick<AccessTrail, 'entry'>;
  hashPassword(password: string): Promise<string>;
  /** Of a secret that Hush made. */
  hashSecret(secret: string): Promise<string>;
  close(): Promise<void>;
}

/** The composition root of the commands that need no server: only the store is opened. */
export async function openDesk(config: Config): Promise<Desk> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const store = await SqlStore.open(openDatabase(config, () => undefined));
  const trail = new AccessTrail({ store, clock: Date, onError: () => undefined });
  return {
    ...{ people: store.people, trail, hashPassword, hashSecret },
    close: () => store.close(),
  };
}
