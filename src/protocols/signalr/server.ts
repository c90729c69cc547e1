/**
 * A server for the ASP.NET Core SignalR protocol, after two documents of dotnet/aspnetcore: the hub
 * protocol and the transport protocol specification. The life of a connection:
 *
 *   client                            server
 *     | POST /negotiate                 |  Link: id, token, user; ends if nothing comes in time
 *     |-------------------------------->|
 *     | GET: WebSocket, event stream,   |  Wire attached to the link (WebSockets without
 *     |      or first poll              |  negotiation begin here)
 *     |-------------------------------->|
 *     | {"protocol","version"} 0x1E     |  ServerConnection: handshake, then a Conversation
 *     |-------------------------------->|  in a Codec; hub.onConnected
 *     |                          {} 0x1E|
 *     |<--------------------------------|
 *     | hub messages both ways          |  Dispatcher: calls of the client -> hub.methods
 *     |<------------------------------->|  Sender -> Outbox -> Batch -> Wire: one write per tick
 *     |                                 |
 *     X socket lost                     |  stateful reconnect: the link waits, the replay buffer
 *     | GET: WebSocket, same token      |  fills; the new wire gets Sequence and what was missed
 *     |-------------------------------->|
 *     | Close, or the wire is lost      |  Link ended; hub.onDisconnected
 *     |<------------------------------->|
 *
 * The owner mounts it: it authenticates, answers CORS, and passes on what is for the hub.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Codec } from './codec/codec.ts';
import { EncodedInvocation } from './codec/encoded-invocation.ts';
import { jsonCodec } from './codec/json-codec.ts';
import { createMessagePackCodec } from './codec/messagepack-codec.ts';
import type { LinkRequest } from './connection/links.ts';
import { FrontEnd, type RequestContext } from './front-end.ts';
import { type Group, Groups } from './hub/group.ts';
import type { CloseOptions, HubConnection } from './hub/hub.ts';
import { MethodTable } from './hub/method-table.ts';
import { resolveSettings, type Settings, type SignalrOptions } from './hub/options.ts';
import { FlushSchedule } from './wire/outbox.ts';

export interface SignalrServer {
  /** Answers a request for the hub. Never rejects. */
  handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    context: RequestContext,
  ): Promise<void>;
  handleUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer, context: LinkRequest): void;
  /** Connections after their handshake. */
  readonly connections: ReadonlySet<HubConnection>;
  group(name: string): Group;
  /** Sends to all receivers, encoding once per protocol. */
  broadcast(receivers: Iterable<HubConnection>, target: string, args: readonly unknown[]): void;
  /** Closes all connections and accepts no new ones. May be called twice. */
  close(options?: CloseOptions): void;
}

export function createSignalrServer(options: SignalrOptions): SignalrServer {
  const settings = resolveSettings(options);
  const connections = new Set<HubConnection>();
  const groups = new Groups((connection) => connections.has(connection));
  const frontEnd = new FrontEnd({
    settings,
    methods: new MethodTable(settings.hub.methods),
    codecs: codecsByName(settings),
    schedule: new FlushSchedule(settings.coalesce),
    onOpened: (connection) => connections.add(connection),
    onClosed(connection) {
      connections.delete(connection);
      groups.leaveAll(connection);
    },
  });
  return {
    connections,
    handleRequest: (request, response, context) => frontEnd.handle(request, response, context),
    handleUpgrade: (request, socket, head, context) =>
      frontEnd.upgrade({ request, socket, head }, context),
    group: (name) => groups.group(name),
    broadcast(receivers, target, args) {
      const invocation = new EncodedInvocation(target, args);
      for (const receiver of receivers) receiver.sendEncoded(invocation);
    },
    close(closeOptions = {}) {
      frontEnd.links.stop();
      for (const link of frontEnd.links.all()) link.handler?.close(closeOptions);
    },
  };
}

function codecsByName({ protocols, maxNestingDepth }: Settings): ReadonlyMap<string, Codec> {
  const codecs: Codec[] = [jsonCodec, createMessagePackCodec(maxNestingDepth)];
  const chosen = codecs.filter(({ name }) => protocols.includes(name));
  return new Map(chosen.map((codec) => [codec.name, codec]));
}
