import type { Hub, HubConnection } from './hub.ts';

/** The owner's hooks around the life of one connection: both or none, in order, never throwing. */
export class Admission {
  readonly #hub: Hub;
  readonly #onError: (error: unknown) => void;
  #admitted: Promise<boolean> = Promise.resolve(false);

  constructor(hub: Hub, onError: (error: unknown) => void) {
    this.#hub = hub;
    this.#onError = onError;
  }

  /** Resolves with true if the owner admitted it. */
  welcome(connection: HubConnection): Promise<boolean> {
    this.#admitted = this.#attempt(() => this.#hub.onConnected?.(connection));
    return this.#admitted;
  }

  farewell(connection: HubConnection, error?: Error): void {
    void this.#admitted.then((admitted) => {
      if (admitted) void this.#attempt(() => this.#hub.onDisconnected?.(connection, error));
    });
  }

  async #attempt(hook: () => void | Promise<void>): Promise<boolean> {
    try {
      await hook();
      return true;
    } catch (error) {
      this.#onError(error);
      return false;
    }
  }
}
