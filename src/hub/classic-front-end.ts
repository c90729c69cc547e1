import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { HubError } from '../protocols/signalr-classic/errors.ts';
import { type ClassicServer, createClassicServer } from '../protocols/signalr-classic/server.ts';
import type {
  ClassicAction,
  ClassicConnection,
  HubMethod,
} from '../protocols/signalr-classic/types.ts';
import {
  classicHubName,
  hubContract,
  recordingChangedEvent,
  recordingChangedPayload,
  stateChangedEvent,
} from './hub-contract.ts';
import type { HubRequest, RecordingHubOptions } from './options.ts';
import { runForClient, Subscriptions } from './subscriptions.ts';

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

/** The hub as clients written before ASP.NET Core see it: `$.connection.recordingHub`. */
export class ClassicFrontEnd {
  readonly #options: RecordingHubOptions;
  readonly #server: ClassicServer;
  readonly #connections = new Map<ClassicConnection, Subscriptions>();

  constructor(options: RecordingHubOptions) {
    this.#options = options;
    const { maxConnections, maxBacklogBytes, onError } = options;
    this.#server = createClassicServer({
      hubs: {
        [classicHubName]: {
          methods: this.#methods(),
          events: [stateChangedEvent, recordingChangedEvent],
        },
      },
      userKey: () => '',
      isOriginAllowed: (origin, host) => options.isOriginAllowed(origin, host),
      onConnected: (connection) => void this.#connections.set(connection, this.#listen(connection)),
      onDisconnected: (connection) => {
        this.#connections.get(connection)?.close();
        this.#connections.delete(connection);
      },
      ...{ maxConnections, onError },
      maxBufferedBytes: maxBacklogBytes,
      maxReplayBytes: maxBacklogBytes / 2,
      maxReplayMessages: 10_000,
    });
  }

  get connectionCount(): number {
    return this.#server.connectionCount;
  }

  async handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    { path, query }: HubRequest,
  ): Promise<void> {
    const action = actionOf(path);
    if (!action) {
      response.writeHead(404).end();
      return;
    }
    await this.#server.handleRequest(request, response, { action, query, user: undefined });
  }

  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    ...[head, { path, query }]: [Buffer, HubRequest]
  ): void {
    const action = actionOf(path);
    if (!action) {
      socket.on('error', () => undefined);
      socket.end('HTTP/1.1 404 Not Found\r\nConnection: close\r\n\r\n');
      return;
    }
    void this.#server.handleUpgrade(request, socket, head, { action, query, user: undefined });
  }

  broadcast(event: string, payload: unknown): void {
    this.#server.broadcast(this.#connections.keys(), classicHubName, event, [payload]);
  }

  close(): void {
    this.#server.close();
  }

  #methods(): Record<string, HubMethod> {
    const of = (connection: ClassicConnection): Subscriptions => {
      const subscriptions = this.#connections.get(connection);
      if (!subscriptions) throw new HubError('The connection is closed.');
      return subscriptions;
    };
    return {
      Subscribe: (connection, [uccName, since]) =>
        runForClient(() => of(connection).subscribe(uccName, since), HubError),
      Unsubscribe: (connection, [uccName]) =>
        runForClient(() => of(connection).unsubscribe(uccName), HubError),
      SubscribeCall: (connection, [correlationId]) =>
        runForClient(() => of(connection).subscribeCall(correlationId), HubError),
    };
  }

  #listen(connection: ClassicConnection): Subscriptions {
    return new Subscriptions({
      feed: this.#options.feed,
      isUcc: (name) => this.#options.isUcc(name),
      send: (event) =>
        connection.send(classicHubName, recordingChangedEvent, [recordingChangedPayload(event)]),
    });
  }
}

function actionOf(path: string): ClassicAction | undefined {
  const action = path.slice(hubContract.paths.classic.length + 1);
  return actions.includes(action) ? (action as ClassicAction) : undefined;
}
