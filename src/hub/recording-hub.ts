import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { seesUcc } from '../domain/access.ts';
import type { RecordingEvent } from '../domain/events.ts';
import { EncodedInvocation } from '../protocols/signalr/encoded-invocation.ts';
import { HubError } from '../protocols/signalr/errors.ts';
import type { HubConnection } from '../protocols/signalr/hub.ts';
import { createSignalrServer, type SignalrServer } from '../protocols/signalr/server.ts';
import {
  expiryOf,
  type HubMethodName,
  hearersOf,
  isSameBearer,
  principalOf,
  requireAccess,
} from './audience.ts';
import { ClassicFrontEnd } from './classic-front-end.ts';
import {
  hubContract,
  recordingChangedEvent,
  recordingChangedPayload,
  stateChangedEvent,
  stateChangedPayload,
} from './hub-contract.ts';
import type { HubRequest, RecordingHubOptions } from './options.ts';
import { runForClient, Subscriptions } from './subscriptions.ts';

const { paths } = hubContract;
const hubPaths: readonly string[] = [paths.signalr, paths.signalrV2];

function isClassic(path: string): boolean {
  return path.startsWith(`${paths.classic}/`) || path.startsWith(`${paths.classicV2}/`);
}

/**
 * The recording hub: one set of events and methods, spoken in ASP.NET Core SignalR and in classic
 * SignalR 2.
 *
 *   committed event --> every client:  RecordingStateChangedEvent (commands)
 * +-> subscribers: RecordingChanged (everything), replayed from the store if asked for
 */
export class RecordingHub {
  readonly #options: RecordingHubOptions;
  readonly #signalr: SignalrServer;
  readonly #classic: ClassicFrontEnd;
  readonly #subscriptions = new Map<HubConnection, Subscriptions>();
  /** One encoding per event and protocol, however many clients get it. */
  readonly #encoded = new WeakMap<RecordingEvent, EncodedInvocation>();
  readonly #stop: () => void;

  constructor(options: RecordingHubOptions) {
    this.#options = options;
    const { maxConnections, maxBacklogBytes, isOriginAllowed, onError } = options;
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
        // Who was removed between its request and its handshake.
        onConnected: (connection) => this.#dropIfStale(connection),
        onDisconnected: (connection) => this.#forget(connection),
      },
      isSameUser: isSameBearer,
      expiresAt: expiryOf,
      ...{ maxConnections, maxBacklogBytes, isOriginAllowed, onError },
      // What a client that reconnects statefully has missed is kept within the same bound.
      replayBufferBytes: maxBacklogBytes / 2,
    });
    this.#classic = new ClassicFrontEnd(options);
    this.#stop = options.feed.live((event) => this.#broadcast(event));
  }

  get connectionCount(): number {
    return this.#signalr.connections.size + this.#classic.connectionCount;
  }

  /** True when a WebSocket may be opened there. */
  owns(path: string): boolean {
    return hubPaths.includes(path) || isClassic(path);
  }

  async handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    { path, query, principal }: HubRequest,
  ): Promise<void> {
    const suffix = (['', '/negotiate'] as const).find((one) => {
      return hubPaths.some((hub) => path === hub + one);
    });
    if (isClassic(path)) {
      await this.#classic.handleRequest(request, response, { path, query, principal });
    } else if (suffix !== undefined) {
      await this.#signalr.handleRequest(request, response, { suffix, query, user: principal });
    } else {
      response.writeHead(404).end();
    }
  }

  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    ...[head, { path, query, principal }]: [Buffer, HubRequest]
  ): void {
    if (isClassic(path)) {
      this.#classic.handleUpgrade(request, socket, head, { path, query, principal });
    } else {
      this.#signalr.handleUpgrade(request, socket, head, { query, user: principal });
    }
  }

  /** Closes the connections of those who are no longer who they were. */
  dropStale(): void {
    for (const connection of [...this.#signalr.connections]) this.#dropIfStale(connection);
    this.#classic.dropStale();
  }

  close(): void {
    this.#stop();
    this.#signalr.close({ allowReconnect: true });
    this.#classic.close();
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
    let subscriptions = this.#subscriptions.get(connection);
    if (!subscriptions) {
      subscriptions = new Subscriptions({
        feed: this.#options.feed,
        sees: (uccName) => this.#sees(connection, uccName),
        send: (event) => {
          connection.sendEncoded(this.#encode(event));
          return connection.drained();
        },
      });
      this.#subscriptions.set(connection, subscriptions);
    }
    return runForClient(() => {
      requireAccess(principalOf(connection), name);
      return method(subscriptions);
    }, HubError);
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
