import type { Principal } from '../domain/model/principal.ts';
import type { AccountStore } from '../domain/ports/account-store.ts';

/** The command line writes beside a running Hush: what it did is noticed this soon. */
const LOOK_MS = 500;

export interface StandingsOptions {
  readonly people: Pick<AccountStore, 'generationMark' | 'generations'>;
  onError(cause: unknown): void;
}

/**
 * Whether users and clients are still who they were when a token, a ticket or a connection was
 * given to them: their generation is raised whenever that is over. Read from the store, where the
 * command line changes it too.
 */
export class Standings {
  readonly #options: StandingsOptions;
  readonly #listeners = new Set<() => void>();
  #users: ReadonlyMap<string, number> = new Map();
  #clients: ReadonlyMap<string, number> = new Map();
  #mark: string | undefined;
  #last: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: StandingsOptions) {
    this.#options = options;
  }

  /** Resolves when it is known who stands where. @throws where the store cannot be read */
  async start(): Promise<void> {
    await this.#read();
    this.#lookLater();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when every change that was durable before is known, and listeners are told. */
  refresh(): Promise<void> {
    this.#last = this.#last.then(
      () => this.#read(),
      () => this.#read(),
    );
    return this.#last;
  }

  /** A later generation than is known here is one that was read from the store since. */
  isCurrent({ standing }: Principal): boolean {
    if (!standing) return true;
    const { user, userGeneration, client, clientGeneration } = standing;
    return (
      userGeneration >= (this.#users.get(user) ?? 0) &&
      clientGeneration >= (this.#clients.get(client) ?? 0)
    );
  }

  /** Called after somebody's generation was raised. @returns what ends it */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #lookLater(): void {
    this.#timer = setTimeout(() => {
      this.refresh()
        .catch(this.#options.onError)
        .finally(() => {
          if (this.#timer) this.#lookLater();
        });
    }, LOOK_MS).unref();
  }

  async #read(): Promise<void> {
    const { people } = this.#options;
    // Read first: what changes in between is read once more.
    const mark = await people.generationMark();
    if (mark === this.#mark) return;
    const { users, clients } = await people.generations();
    this.#users = users;
    this.#clients = clients;
    this.#mark = mark;
    for (const listener of this.#listeners) listener();
  }
}
