import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { PostgresLock } from '../postgres/postgres-lock.ts';
import { FOLLOWED } from '../rows/database.ts';
import { FolderLock } from './folder-lock.ts';
import { type Holder, inUse, OwnershipError } from './ownership-error.ts';
import type { StoreOwner } from './store-owner.ts';
import { type Claimed, isCopy, mustBeAdoptable, type OnAdopt, placeOf } from './store-place.ts';

export interface OwnershipOptions {
  /** An existing folder. */
  readonly dataDir: string;
  /** URL of PostgreSQL; undefined if the database is in the data folder. */
  readonly url?: string | undefined;
  readonly waitMs: number;
  /** Replaces `waitMs` while the present owner is stopping. */
  readonly handoverMs: number;
  readonly lostAfterMs: number;
}

const TRY_INTERVAL_MS = 100;
const CHECK_INTERVAL_MS = 1_000;
/** A new owner waits this much longer than its predecessor may need to notice. */
const MARGIN_MS = 1_000;

/**
 * Ensures that this process alone works on a data folder and a database. It is taken before
 * anything is written; the database refuses commits of an owner that has been succeeded.
 *
 *     taken --claim--> sure --not confirmed for lostAfterMs--> unsure --confirmed--> sure
 *                        \--another one has the lock, or the epoch--/--> lost, for ever
 *
 * The epoch confirms it: while the database names ours, nobody else has claimed it, and a later
 * claimant waits until an owner that cannot know of it must be unsure. An unsure owner records
 * nothing (docs/decisions/0022).
 */
export class Ownership {
  readonly #options: OwnershipOptions;
  readonly #folder: FolderLock;
  readonly #listeners: ((reason: string) => void)[] = [];
  #lock: PostgresLock | undefined;
  #store: StoreOwner | undefined;
  #epoch: number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #confirmedAt = performance.now();
  #checking: Promise<void> | undefined;
  #lost: string | undefined;
  #isReleased = false;

  private constructor(options: OwnershipOptions, folder: FolderLock) {
    this.#options = options;
    this.#folder = folder;
  }

  /** Takes the locks. @throws OwnershipError that names the holder */
  static async take(options: OwnershipOptions): Promise<Ownership> {
    const { dataDir, url } = options;
    const folder = await patiently(options, `The data folder ${dataDir}`, {
      tryTake: async () => FolderLock.tryTake(dataDir),
      holder: async () => FolderLock.holder(dataDir),
    });
    const ownership = new Ownership(options, folder);
    if (url === undefined) return ownership;
    try {
      ownership.#lock = await patiently(options, 'The database', {
        tryTake: () => ownership.#connect(url),
        holder: () => PostgresLock.holder(url),
      });
    } catch (cause) {
      folder.release();
      throw cause;
    }
    return ownership;
  }

  /** Why ownership was lost; undefined while it is not. */
  get lost(): string | undefined {
    return this.#lost;
  }

  /**
   * True when no other process can be the owner yet: false after the database was unreachable for
   * `lostAfterMs`, as in the first moments of a process that was stopped for longer.
   */
  get isSure(): boolean {
    if (this.#lost !== undefined) return false;
    return !this.#lock || performance.now() - this.#confirmedAt < this.#options.lostAfterMs;
  }

  /**
   * Calls the listener once, in the turn that learns of the loss; at once if it is lost already.
   */
  onLost(listener: (reason: string) => void): void {
    if (this.#lost !== undefined) listener(this.#lost);
    else this.#listeners.push(listener);
  }

  /**
   * Claims the store: from here on the database refuses commits of an earlier owner. If that one
   * did not end in order, and this data folder does not prove that it is dead, resolves once it
   * must have noticed. A copy is claimed only if somebody adopts it; it then has no recording
   * sessions any more.
   * @param onAdopt records the adoption; without it a copy is refused
   * @throws OwnershipError
   */
  async claim(store: StoreOwner, onAdopt?: OnAdopt): Promise<Claimed> {
    const { lostAfterMs, dataDir } = this.#options;
    const before = await store.identity();
    const place = placeOf(dataDir, await store.databaseName());
    const isACopy = isCopy(before, place);
    if (isACopy) mustBeAdoptable(before, place, onAdopt !== undefined);
    const { epoch, mayLive, inOrder } = await store.claim(this.#folder.identity, () =>
      this.#lose(FOLLOWED),
    );
    this.#epoch = epoch;
    this.#store = store;
    this.#confirmedAt = performance.now();
    this.#timer = setInterval(() => this.#check(), CHECK_INTERVAL_MS).unref();
    if (mayLive && this.#lock) await delay(lostAfterMs + MARGIN_MS);
    if (this.#lost !== undefined) throw new OwnershipError(this.#lost);
    const instance = before.instance ?? randomUUID();
    if (isACopy) {
      await onAdopt?.(before.place, place);
      await store.forgetSessions();
    }
    // Comes last: after an earlier crash the next start asks again.
    await store.settle(instance, place);
    return { instance, place, inOrder };
  }

  /** Tells a waiting process that the lock will soon be free. */
  leaving(): void {
    this.#folder.leaving();
    this.#lock?.leaving().catch(() => undefined);
  }

  /** Releases the locks, after everything else is closed. May be called twice. */
  async release(): Promise<void> {
    if (this.#isReleased) return;
    this.#isReleased = true;
    clearInterval(this.#timer);
    await this.#checking;
    await this.#lock?.release();
    this.#folder.release();
  }

  #connect(url: string): Promise<PostgresLock | undefined> {
    return PostgresLock.tryTake(url, () => this.#check());
  }

  /** Checks once at a time; each check ends within seconds. */
  #check(): void {
    if (this.#isReleased || this.#lost !== undefined || !this.#store) return;
    const reason = this.#folder.lossOf();
    if (reason !== undefined) this.#lose(reason);
    else if (!this.#checking) {
      this.#checking = this.#confirm().finally(() => {
        this.#checking = undefined;
      });
    }
  }

  async #confirm(): Promise<void> {
    // An answer that is read late reflects the time of its request.
    const askedAt = performance.now();
    const outcome = await this.#look();
    if (this.#isReleased || this.#lost !== undefined) return;
    if (outcome === 'followed') this.#lose(FOLLOWED);
    else if (outcome === 'owned') this.#confirmedAt = askedAt;
    // The next check is due at once: until then nothing may be recorded.
    else setTimeout(() => this.#check(), TRY_INTERVAL_MS).unref();
  }

  /** For SQLite the folder's lock decides. */
  async #look(): Promise<'owned' | 'followed' | 'unreached'> {
    const { url } = this.#options;
    if (url === undefined || !this.#lock) return this.#outcomeOf(() => this.#store?.epoch());
    const outcome = await this.#outcomeOf(() => this.#lock?.epoch());
    return outcome === 'unreached' ? this.#lookAnew(url) : outcome;
  }

  /** The lock's connection is lost, and the lock with it once the server notices. */
  async #lookAnew(url: string): Promise<'owned' | 'followed' | 'unreached'> {
    await this.#lock?.release();
    if (await this.#retake(url)) return this.#outcomeOf(() => this.#lock?.epoch());
    if (await this.#isFollowed(url)) return 'followed';
    // Our own session still has the lock until the server ends it: nobody else has it.
    return this.#outcomeOf(() => PostgresLock.epochNow(url));
  }

  async #outcomeOf(
    read: () => Promise<number | undefined> | undefined,
  ): Promise<'owned' | 'followed' | 'unreached'> {
    try {
      return (await read()) === this.#epoch ? 'owned' : 'followed';
    } catch {
      return this.#options.url === undefined ? 'owned' : 'unreached';
    }
  }

  async #retake(url: string): Promise<boolean> {
    const lock = await this.#connect(url).catch(() => undefined);
    if (this.#isReleased || this.#lost !== undefined) await lock?.release();
    else if (lock) this.#lock = lock;
    return lock !== undefined;
  }

  /**
   * True when somebody else has the lock; a session of ours that the server still ends does not
   * count.
   */
  async #isFollowed(url: string): Promise<boolean> {
    const holder = await PostgresLock.holder(url).catch(() => undefined);
    return holder !== undefined && !(holder.pid === process.pid && holder.host === hostname());
  }

  #lose(reason: string): void {
    if (this.#isReleased || this.#lost !== undefined) return;
    this.#lost = `Hush has lost what it owned: ${reason}`;
    clearInterval(this.#timer);
    this.#store?.disown(this.#lost);
    for (const listener of this.#listeners.splice(0)) listener(this.#lost);
  }
}

interface Takeable<Lock> {
  tryTake(): Promise<Lock | undefined>;
  holder(): Promise<Holder | undefined>;
}

/** Tries until it has the lock, or has waited long enough for the present holder. */
async function patiently<Lock>(
  { waitMs, handoverMs }: OwnershipOptions,
  what: string,
  { tryTake, holder }: Takeable<Lock>,
): Promise<Lock> {
  const began = performance.now();
  for (;;) {
    const lock = await tryTake();
    if (lock) return lock;
    const held = await holder();
    if (performance.now() - began >= (held?.isLeaving ? handoverMs : waitMs)) {
      throw inUse(what, held);
    }
    await delay(TRY_INTERVAL_MS);
  }
}
