import { mkdirSync } from 'node:fs';
import { hashPassword, hashSecret } from './auth/password-hash.ts';
import type { Config } from './config/schema.ts';
import { AccessTrail } from './domain/access-trail.ts';
import { PeopleRegister } from './domain/people-register.ts';
import { openDatabase } from './open-database.ts';
import { SqlStore } from './store/store.ts';

/** Where users and clients are added and removed; works beside a running Hush. */
export interface Desk {
  readonly register: PeopleRegister;
  readonly trail: Pick<AccessTrail, 'entry'>;
  close(): Promise<void>;
}

/** The composition root of the commands that need no server: only the store is opened. */
export async function openDesk(config: Config): Promise<Desk> {
  mkdirSync(config.dataDir, { recursive: true, mode: 0o700 });
  const store = await SqlStore.open(openDatabase(config, () => undefined));
  const trail = new AccessTrail({ store, clock: Date, onError: () => undefined });
  const { people } = store;
  const register = new PeopleRegister({ people, hashPassword, hashSecret, now: Date.now });
  return { register, trail, close: () => store.close() };
}
