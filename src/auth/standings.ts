import type { Principal } from '../domain/model/principal.ts';
import type { AccountStore } from '../domain/ports/account-store.ts';

/** Interval at which changes that the command line wrote beside a running Hush are noticed. */
const LOOK_MS = 500;

export interface StandingsOptions {
  readonly people: Pick<AccountStore, 'generationMark' | 'generations'>;
  onError(cause: unknown): void;
}

/**
 * Tells whether users and clients are unchanged since a token, a ticket or a connection was given
 * to them: a generation rises with each change that ends it. It is read from the store, where the
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

  /** Resolves once standings are known. @throws if the store cannot be read */
  async start(): Promise<void> {
    await this.#read();
    this.#lookLater();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Resolves when every change that was durable before is known, and listeners were called. */
  refresh(): Promise<void> {
    this.#last = this.#last.then(
      () => this.#read(),
      () => this.#read(),
    );
    return this.#last;
  }

  /** A generation later than the one known here was read from the store since. */
  isCurrent({ standing }: Principal): boolean {
    if (!standing) return true;
    const { user, userGeneration, client, clientGeneration } = standing;
    return (
      userGeneration >= (this.#users.get(user) ?? 0) &&
      clientGeneration >= (this.#clients.get(client) ?? 0)
    );
  }

  /** Calls the listener after a generation rose. @returns a function that ends it */
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
    // Read first: a change in between is read again.
    const mark = await people.generationMark();
    if (mark === this.#mark) return;
    const { users, clients } = await people.generations();
    this.#users = users;
    this.#clients = clients;
    this.#mark = mark;
    for (const listener of this.#listeners) listener();
  }
}
