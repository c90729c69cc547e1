import type { Claim, Database } from '../rows/database.ts';
import type { StoreIdentity, StorePlace } from './store-place.ts';

/** The store as its owner sees it; without an owner, as for a command, nobody claims it. */
export class StoreOwner {
  readonly #database: Database;
  #isDisowned = false;

  constructor(database: Database) {
    this.#database = database;
  }

  /**
   * Claims the database, which from here on refuses commits of an earlier owner.
   * @param folder `FolderLock.identity`
   * @param onFollowed called when it refuses a commit of ours for that reason
   */
  claim(folder: string, onFollowed: () => void): Promise<Claim> {
    this.#database.epoch.onFollowed = onFollowed;
    return this.#database.claim(folder);
  }

  /** Returns the identity of the previous owner's store, until `settle`. */
  async identity(): Promise<StoreIdentity> {
    const query = this.#database.kysely.selectFrom('ownership').selectAll();
    const { instance, place, folder } = await query.executeTakeFirstOrThrow();
    return { instance, folder, place: place === null ? null : (JSON.parse(place) as StorePlace) };
  }

  /** Returns the name of the database; null if it is a file of the data folder. */
  databaseName(): Promise<string | null> {
    return this.#database.name();
  }

  /**
   * Deletes recording sessions: they are the original's, and requests of a copy would end its
   * calls.
   */
  async forgetSessions(): Promise<void> {
    await this.#database.change((kysely) => kysely.deleteFrom('recording_sessions').execute());
  }

  /** Records, after `claim`, that the store is now at work in this place. */
  async settle(instance: string, place: StorePlace): Promise<void> {
    const row = { instance, place: JSON.stringify(place) };
    await this.#database.change((kysely) => kysely.updateTable('ownership').set(row).execute());
  }

  /** Returns the database's current epoch. */
  async epoch(): Promise<number> {
    const query = this.#database.kysely.selectFrom('ownership').select('epoch');
    return Number((await query.executeTakeFirstOrThrow()).epoch);
  }

  /** Refuses every commit from here on, even if the database cannot be asked. */
  disown(reason: string): void {
    this.#isDisowned = true;
    this.#database.epoch.disown(reason);
  }

  /**
   * Records an orderly end: a successor need not wait; if that fails, it waits longer than needed.
   */
  async resign(): Promise<void> {
    if (!this.#isDisowned) await this.#database.resign().catch(() => undefined);
  }
}
