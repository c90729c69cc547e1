import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { seesUcc } from '../domain/access/access.ts';
import type { Ucc } from '../domain/model/ucc.ts';
import { Expiry } from '../protocols/signalr/wire/expiry.ts';
import { HubError } from '../protocols/signalr-classic/errors.ts';
import { type ClassicServer, createClassicServer } from '../protocols/signalr-classic/server.ts';
import type {
  ClassicAction,
  ClassicConnection,
  HubMethod,
} from '../protocols/signalr-classic/types.ts';
import {
  auditDenied,
  callerOf,
  expiryOf,
  hearersOf,
  keyOf,
  principalOf,
  requireAccess,
} from './audience.ts';
import {
  classicHubName,
  connectAction,
  type HubMethodName,
  hubContract,
  recordingChangedEvent,
  recordingChangedPayload,
  stateChangedEvent,
} from './hub-contract.ts';
import type { HubRequest, RecordingHubOptions } from './options.ts';
import { runForClient, type SubscriptionRoom, Subscriptions } from './subscriptions.ts';

const actions: readonly string[] = [
  'negotiate',
  'connect',
  'start',
  'ping',
  'poll',
  'reconnect',
  'send',
  'abort',
  'hubs',
] satisfies ClassicAction[];

const ownBases = [hubContract.paths.classic, hubContract.paths.classicV2];

/** A third of the time for which a client is awaited, as in the original. */
const MAX_KEEP_ALIVE_MS = 10_000;

/** The hub for clients written before ASP.NET Core: `$.connection.recordingHub`. */
export class ClassicFrontEnd {
  readonly #options: RecordingHubOptions;
  readonly #room: SubscriptionRoom;
  /** Base paths, in lower case. */
  readonly #bases: readonly string[];
  readonly #server: ClassicServer;
  readonly #connections = new Map<ClassicConnection, Subscriptions>();
  readonly #expiries = new Map<ClassicConnection, Expiry>();

  constructor(options: RecordingHubOptions, room: SubscriptionRoom) {
    this.#options = options;
    this.#room = room;
    const { maxConnections, maxBacklogBytes, longPollTimeoutMs, onError } = options;
    const { names, paths } = options.aliases;
    this.#bases = [...ownBases, ...paths.map((path) => path.toLowerCase())];
    this.#server = createClassicServer({
      hubs: {
        [classicHubName]: {
          methods: this.#methods(),
          events: [stateChangedEvent, recordingChangedEvent],
        },
      },
      userKey: keyOf,
      aliases: aliasesOf(names),
      ...(names.length === 0 ? { defaultHub: classicHubName } : {}),
      isOriginAllowed: (origin, host) => options.isOriginAllowed(origin, host),
      onConnected: (connection) => this.#welcome(connection),
      onDisconnected: (connection) => {
        this.#connections.get(connection)?.close();
        this.#expiries.get(connection)?.stop();
        this.#expiries.delete(connection);
        this.#connections.delete(connection);
      },
      maxConnections,
      onError,
      connectionTimeoutMs: longPollTimeoutMs,
      keepAliveIntervalMs: Math.min(options.keepAliveMs, MAX_KEEP_ALIVE_MS),
      maxBufferedBytes: maxBacklogBytes,
      maxReplayBytes: maxBacklogBytes / 2,
      maxReplayMessages: 10_000,
    });
  }

  get connectionCount(): number {
    return this.#server.connectionCount;
  }

  get bases(): readonly string[] {
    return this.#bases;
  }

  owns(path: string): boolean {
    return this.#bases.some((base) => path.startsWith(`${base}/`));
  }

  async handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    { path, query, caller }: HubRequest,
  ): Promise<void> {
    const action = this.#actionOf(path);
    if (!action) {
      response.writeHead(404).end();
      return;
    }
    await this.#server.handleRequest(request, response, { action, query, user: caller });
  }

  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { path, query, caller }: HubRequest,
  ): void {
    const action = this.#actionOf(path);
    if (!action) {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    void this.#server.handleUpgrade(request, socket, head, { action, query, user: caller });
  }

  broadcast(event: string, payload: unknown, ucc: Ucc | undefined): void {
    const hearers = hearersOf(this.#connections.keys(), ucc);
    this.#server.broadcast(hearers, classicHubName, event, [payload]);
  }

  /** Closes the connections of bearers whose account changed. */
  dropStale(): void {
    for (const connection of [...this.#connections.keys()]) {
      if (!this.#options.isCurrent(principalOf(connection))) connection.close();
    }
  }

  close(): void {
    this.#server.close();
  }

  #methods(): Record<string, HubMethod> {
    const call = (
      connection: ClassicConnection,
      name: HubMethodName,
      method: (to: Subscriptions) => void | Promise<void>,
    ): Promise<void> =>
      runForClient(() => {
        const subscriptions = this.#connections.get(connection);
        if (!subscriptions) throw new HubError('The connection is closed.');
        requireAccess(principalOf(connection), name);
        return method(subscriptions);
      }, HubError);
    return {
      Subscribe: (connection, [uccName, since]) =>
        call(connection, 'Subscribe', (to) => to.subscribe(uccName, since)),
      Unsubscribe: (connection, [uccName]) =>
        call(connection, 'Unsubscribe', (to) => to.unsubscribe(uccName)),
      SubscribeCall: (connection, [correlationId]) =>
        call(connection, 'SubscribeCall', (to) => to.subscribeCall(correlationId)),
    };
  }

  #actionOf(path: string): ClassicAction | undefined {
    const slash = path.lastIndexOf('/');
    if (!this.#bases.includes(path.slice(0, slash))) return undefined;
    const action = path.slice(slash + 1);
    return actions.includes(action) ? (action as ClassicAction) : undefined;
  }

  /**
   * Audits the connection, which receives events of its UCCs without subscribing. It ends with its
   * token: the client starts again with a fresh one.
   */
  async #welcome(connection: ClassicConnection): Promise<void> {
    await this.#options.auditRead(callerOf(connection), { action: connectAction });
    const expiry = new Expiry(() => connection.close());
    expiry.extend(expiryOf(connection.user));
    this.#expiries.set(connection, expiry);
    this.#connections.set(connection, this.#listen(connection));
    if (!this.#options.isCurrent(principalOf(connection))) connection.close();
  }

  #listen(connection: ClassicConnection): Subscriptions {
    return new Subscriptions({
      feed: this.#options.feed,
      room: this.#room,
      sees: (uccName) => {
        const ucc = this.#options.ucc(uccName);
        return ucc !== undefined && seesUcc(principalOf(connection), ucc);
      },
      audit: (what) => this.#options.auditRead(callerOf(connection), what),
      auditDenied: (what) => auditDenied(this.#options, connection, what),
      send: (event) =>
        connection.send(classicHubName, recordingChangedEvent, [recordingChangedPayload(event)]),
    });
  }
}

/** Maps each name once, in the first of its spellings. */
function aliasesOf(names: readonly string[]): Readonly<Record<string, string>> {
  const byKey = new Map([...names].reverse().map((name) => [name.toLowerCase(), name]));
  byKey.delete(classicHubName.toLowerCase());
  return Object.fromEntries([...byKey.values()].map((name) => [name, classicHubName]));
}
