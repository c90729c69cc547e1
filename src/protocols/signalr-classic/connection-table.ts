import { Connection } from './connection.ts';
import { ClassicRequestError } from './errors.ts';
import type { HubRegistry } from './hubs.ts';
import type { SubscribedHubs } from './negotiation.ts';
import type { ClassicLimits, ClassicServerOptions } from './options.ts';
import type { TokenSigner } from './tokens.ts';

interface Entry {
  readonly connection: Connection;
  /** Settles when the owner has been told of the connection. */
  readonly connected: Promise<void>;
}

/** The parameters of a client that opens a connection. */
export interface Opening {
  readonly id: string;
  readonly user: unknown;
  readonly subscribedHubs: SubscribedHubs;
}

/** Owns every connection: opens them, flushes their output once a tick, closes them. */
export class ConnectionTable {
  readonly #entries = new Map<string, Entry>();
  readonly #waiting = new Set<Connection>();
  readonly #limits: ClassicLimits;
  readonly #options: ClassicServerOptions;
  readonly #hubs: HubRegistry;
  readonly #signer: TokenSigner;
  readonly #keepAlive: NodeJS.Timeout;

  constructor(
    options: ClassicServerOptions,
    parts: { limits: ClassicLimits; hubs: HubRegistry; signer: TokenSigner },
  ) {
    this.#options = options;
    this.#limits = parts.limits;
    this.#hubs = parts.hubs;
    this.#signer = parts.signer;
    this.#keepAlive = setInterval(() => {
      for (const { connection } of this.#entries.values()) connection.keepAlive();
    }, this.#limits.keepAliveIntervalMs);
    this.#keepAlive.unref();
  }

  get size(): number {
    return this.#entries.size;
  }

  /** Returns the connection, once the owner has been told of it; undefined after its end. */
  async find(id: string): Promise<Connection | undefined> {
    const entry = this.#entries.get(id);
    await entry?.connected;
    return entry?.connection.isClosed ? undefined : entry?.connection;
  }

  /**
   * Returns a new connection, or the one that an earlier transport's connect request opened before
   * the client gave that transport up; `onConnected` runs once in either case, and before the init
   * message (Transports/ForeverTransport.cs, InitializeTcs).
   */
  async open(opening: Opening): Promise<Connection> {
    const entry = this.#entries.get(opening.id) ?? this.#add(opening);
    await entry.connected;
    const { connection } = entry;
    if (connection.isClosed) throw new ClassicRequestError(503, 'The connection was closed.');
    if (connection.isStarted) {
      throw new ClassicRequestError(409, 'The connection has started; reconnect to it.');
    }
    return connection;
  }

  /** Tells clients to reconnect: here once the server is back, or wherever it runs now. */
  closeAll(): void {
    clearInterval(this.#keepAlive);
    for (const { connection } of [...this.#entries.values()]) {
      connection.shut({ isReconnect: true });
    }
  }

  #add(opening: Opening): Entry {
    if (this.#entries.size >= this.#limits.maxConnections) {
      throw new ClassicRequestError(503, 'There are too many connections.');
    }
    const connection = this.#create(opening);
    // Runs only once the entry is in the table, from which closing the connection removes it.
    const connected = Promise.resolve().then(async () => {
      const isWelcome = await this.#tell(this.#options.onConnected, connection);
      if (!isWelcome) connection.shut({});
    });
    const entry = { connection, connected };
    this.#entries.set(opening.id, entry);
    return entry;
  }

  #create(opening: Opening): Connection {
    return new Connection({
      ...opening,
      limits: this.#limits,
      encode: (hub, method, args) => this.#hubs.encode(hub, method, args),
      groupsToken: (names) => this.#signer.groupsToken(opening.id, names),
      scheduleFlush: (waiting) => this.#scheduleFlush(waiting),
      onClosed: (closed) => void this.#remove(closed),
    });
  }

  /** Removes a connection; `onDisconnected` never overtakes `onConnected`. */
  async #remove(connection: Connection): Promise<void> {
    const entry = this.#entries.get(connection.id);
    this.#entries.delete(connection.id);
    await entry?.connected;
    await this.#tell(this.#options.onDisconnected, connection);
  }

  async #tell(
    listener: ((connection: Connection) => unknown) | undefined,
    connection: Connection,
  ): Promise<boolean> {
    try {
      await listener?.(connection);
      return true;
    } catch (error) {
      this.#options.onError?.(error);
      return false;
    }
  }

  #scheduleFlush(connection: Connection): void {
    if (this.#waiting.size === 0) setImmediate(() => this.#flush());
    this.#waiting.add(connection);
  }

  #flush(): void {
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const connection of waiting) connection.flush();
  }
}
