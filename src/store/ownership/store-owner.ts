import type { Claim, Database } from '../rows/database.ts';
import type { StoreIdentity, StorePlace } from './store-place.ts';

/** The store as its owner has it; without one, as for a command, nobody claims it. */
export class StoreOwner {
  readonly #database: Database;
  #isDisowned = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * From here on the database refuses what an owner before this one commits.
   * @param folder `FolderLock.identity`
   * @param onFollowed called when it refuses a commit of ours for that reason
   */
  claim(folder: string, onFollowed: () => void): Promise<Claim> {
    this.#database.epoch.onFollowed = onFollowed;
    return this.#database.claim(folder);
  }

  /** Of the owner before, until `settle`. */
  async identity(): Promise<StoreIdentity> {
    const query = this.#database.kysely.selectFrom('ownership').selectAll();
    const { instance, place, folder } = await query.executeTakeFirstOrThrow();
    return { instance, folder, place: place === null ? null : (JSON.parse(place) as StorePlace) };
  }

  /** Names the database, where it is not a file of the data folder. */
  databaseName(): Promise<string | null> {
    return this.#database.name();
  }

  /** Recording sessions are the original's: what a copy says in them ends calls of it. */
  async forgetSessions(): Promise<void> {
    await this.#database.change((kysely) => kysely.deleteFrom('recording_sessions').execute());
  }

  /** Behind `claim`: from here on the store is at work in this place. */
  async settle(instance: string, place: StorePlace): Promise<void> {
    const row = { instance, place: JSON.stringify(place) };
    await this.#database.change((kysely) => kysely.updateTable('ownership').set(row).execute());
  }

  /** The epoch that the database has now. */
  async epoch(): Promise<number> {
    const query = this.#database.kysely.selectFrom('ownership').select('epoch');
    return Number((await query.executeTakeFirstOrThrow()).epoch);
  }

  /** Refuses every commit from here on, also where the database cannot be asked. */
  disown(reason: string): void {
    this.#isDisowned = true;
    this.#database.epoch.disown(reason);
  }

  /** Whoever follows waits for nothing; where it is not noted, for longer than it must. */
  async resign(): Promise<void> {
    if (!this.#isDisowned) await this.#database.resign().catch(() => undefined);
  }
}
