import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { seesUcc } from '../domain/access/access.ts';
import type { RecordingEvent } from '../domain/model/recording-event.ts';
import { EncodedInvocation } from '../protocols/signalr/codec/encoded-invocation.ts';
import { HubError } from '../protocols/signalr/codec/errors.ts';
import type { HubConnection } from '../protocols/signalr/hub/hub.ts';
import { createSignalrServer, type SignalrServer } from '../protocols/signalr/server.ts';
import {
  auditDenied,
  callerOf,
  expiryOf,
  hearersOf,
  isSameBearer,
  principalOf,
  requireAccess,
  requireClasses,
} from './audience.ts';
import { ClassicFrontEnd } from './classic-front-end.ts';
import {
  connectAction,
  type HubMethodName,
  hubContract,
  recordingChangedEvent,
  recordingChangedPayload,
  stateChangedEvent,
  stateChangedPayload,
} from './hub-contract.ts';
import type { HubRequest, RecordingHubOptions } from './options.ts';
import { runForClient, SubscriptionRoom, Subscriptions } from './subscriptions.ts';

const { paths } = hubContract;
const hubPaths: readonly string[] = [paths.signalr, paths.signalrV2];

/**
 * The recording hub: one set of events and methods for ASP.NET Core SignalR and classic SignalR 2.
 *
 *   committed event --> every client: RecordingStateChangedEvent (commands)
 *                  +-> subscribers: RecordingChanged (everything), with a replay on request
 */
export class RecordingHub {
  readonly #options: RecordingHubOptions;
  readonly #signalr: SignalrServer;
  readonly #classic: ClassicFrontEnd;
  readonly #subscriptions = new Map<HubConnection, Subscriptions>();
  /** One encoding per event and protocol, however many clients receive it. */
  readonly #encoded = new WeakMap<RecordingEvent, EncodedInvocation>();
  readonly #room: SubscriptionRoom;
  readonly #stop: () => void;

  constructor(options: RecordingHubOptions) {
    requireClasses(hubContract.methods);
    this.#options = options;
    const { maxConnections, maxBacklogBytes, isOriginAllowed, onError } = options;
    const { longPollTimeoutMs, keepAliveMs: keepAliveIntervalMs } = options;
    this.#signalr = createSignalrServer({
      hub: {
        methods: {
          Subscribe: (connection, [uccName, since]) =>
            this.#call(connection, 'Subscribe', (of) => of.subscribe(uccName, since)),
          Unsubscribe: (connection, [uccName]) =>
            this.#call(connection, 'Unsubscribe', (of) => of.unsubscribe(uccName)),
          SubscribeCall: (connection, [correlationId]) =>
            this.#call(connection, 'SubscribeCall', (of) => of.subscribeCall(correlationId)),
        },
        onConnected: (connection) => this.#welcome(connection),
        onDisconnected: (connection) => this.#forget(connection),
      },
      isSameUser: isSameBearer,
      expiresAt: expiryOf,
      maxConnections,
      maxBacklogBytes,
      isOriginAllowed,
      onError,
      longPollTimeoutMs,
      keepAliveIntervalMs,
      // Bounds the buffer of a client that reconnects statefully in the same way.
      replayBufferBytes: maxBacklogBytes / 2,
    });
    this.#room = new SubscriptionRoom(options.subscriptions);
    this.#classic = new ClassicFrontEnd(options, this.#room);
    this.#stop = options.feed.live((event) => this.#broadcast(event));
  }

  get connectionCount(): number {
    return this.#signalr.connections.size + this.#classic.connectionCount;
  }

  /** The folders of the hub's paths. */
  get folders(): readonly string[] {
    const folders = hubPaths.map((path) => path.slice(0, path.lastIndexOf('/')));
    return [...new Set([...folders, ...this.#classic.bases])];
  }

  /** True when a WebSocket may be opened at the path. */
  owns(path: string): boolean {
    return hubPaths.includes(path) || this.#classic.owns(path);
  }

  async handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    { path, query, caller }: HubRequest,
  ): Promise<void> {
    const suffix = (['', '/negotiate'] as const).find((one) => {
      return hubPaths.some((hub) => path === hub + one);
    });
    if (this.#classic.owns(path)) {
      await this.#classic.handleRequest(request, response, { path, query, caller });
    } else if (suffix !== undefined) {
      await this.#signalr.handleRequest(request, response, { suffix, query, user: caller });
    } else {
      response.writeHead(404).end();
    }
  }

  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    { path, query, caller }: HubRequest,
  ): void {
    if (this.#classic.owns(path)) {
      this.#classic.handleUpgrade(request, socket, head, { path, query, caller });
    } else {
      this.#signalr.handleUpgrade(request, socket, head, { query, user: caller });
    }
  }

  /** Closes the connections of bearers whose account changed. */
  dropStale(): void {
    for (const connection of [...this.#signalr.connections]) this.#dropIfStale(connection);
    this.#classic.dropStale();
  }

  close(): void {
    this.#stop();
    this.#signalr.close({ allowReconnect: true });
    this.#classic.close();
  }

  /** Audits the connection, which receives events of its UCCs without subscribing. */
  async #welcome(connection: HubConnection): Promise<void> {
    await this.#options.auditRead(callerOf(connection), { action: connectAction });
    // The account may have been removed between the request and its handshake.
    this.#dropIfStale(connection);
  }

  #dropIfStale(connection: HubConnection): void {
    if (!this.#options.isCurrent(principalOf(connection))) connection.close();
  }

  #broadcast(event: RecordingEvent): void {
    const payload = stateChangedPayload(event);
    if (!payload) return;
    const ucc = this.#options.ucc(event.uccName);
    const hearers = hearersOf(this.#signalr.connections, ucc);
    this.#signalr.broadcast(hearers, stateChangedEvent, [payload]);
    this.#classic.broadcast(stateChangedEvent, payload, ucc);
  }

  #call(
    connection: HubConnection,
    name: HubMethodName,
    method: (of: Subscriptions) => void | Promise<void>,
  ) {
    return runForClient(() => {
      // Nobody would end a subscription made after the connection closed.
      if (connection.signal.aborted) throw new HubError('The connection is closed.');
      requireAccess(principalOf(connection), name);
      return method(this.#subscriptionsOf(connection));
    }, HubError);
  }

  #subscriptionsOf(connection: HubConnection): Subscriptions {
    const known = this.#subscriptions.get(connection);
    if (known) return known;
    const subscriptions = new Subscriptions({
      feed: this.#options.feed,
      room: this.#room,
      sees: (uccName) => this.#sees(connection, uccName),
      audit: (what) => this.#options.auditRead(callerOf(connection), what),
      auditDenied: (what) => auditDenied(this.#options, connection, what),
      send: (event) => {
        connection.sendEncoded(this.#encode(event));
        return connection.drained();
      },
    });
    this.#subscriptions.set(connection, subscriptions);
    return subscriptions;
  }

  #sees(connection: HubConnection, uccName: string): boolean {
    const ucc = this.#options.ucc(uccName);
    return ucc !== undefined && seesUcc(principalOf(connection), ucc);
  }

  #encode(event: RecordingEvent): EncodedInvocation {
    let encoded = this.#encoded.get(event);
    if (!encoded) {
      encoded = new EncodedInvocation(recordingChangedEvent, [recordingChangedPayload(event)]);
      this.#encoded.set(event, encoded);
    }
    return encoded;
  }

  #forget(connection: HubConnection): void {
    this.#subscriptions.get(connection)?.close();
    this.#subscriptions.delete(connection);
  }
}
