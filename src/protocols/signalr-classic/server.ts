import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { Connection } from './connection.ts';
import { ClassicCore } from './core.ts';
import type { ClassicServerOptions } from './options.ts';
import { RequestHandler } from './requests.ts';
import type { ClassicConnection, ClassicContext } from './types.ts';
import { UpgradeHandler } from './upgrades.ts';

/**
 * A server for the classic ASP.NET SignalR 2 protocol, clientProtocol 1.5 to 2.1, over webSockets,
 * serverSentEvents and longPolling. Its owner routes, authenticates and does CORS; no client input
 * makes it throw or reject.
 */
export interface ClassicServer {
  handleRequest(
    request: IncomingMessage,
    response: ServerResponse,
    context: ClassicContext,
  ): Promise<void>;
  handleUpgrade(
    request: IncomingMessage,
    socket: Duplex,
    head: Buffer,
    context: ClassicContext,
  ): Promise<void>;
  /** Invokes a client method on many connections; the invocation is encoded once. */
  broadcast(
    connections: Iterable<ClassicConnection>,
    hub: string,
    method: string,
    args: readonly unknown[],
  ): void;
  readonly connectionCount: number;
  /** Ends every connection and answers 503 from now on. May be called twice. */
  close(): void;
}

export function createClassicServer(options: ClassicServerOptions): ClassicServer {
  const core = new ClassicCore(options);
  const requests = new RequestHandler(core);
  const upgrades = new UpgradeHandler(core);
  return {
    handleRequest: (request, response, context) => requests.handle(request, response, context),
    handleUpgrade: (request, socket, head, context) =>
      upgrades.handle(request, socket, { head, context }),
    broadcast: (connections, hub, method, args) => {
      const message = core.hubs.encode(hub, method, args);
      for (const connection of connections) {
        if (connection instanceof Connection) connection.deliver(message);
      }
    },
    get connectionCount() {
      return core.connections.size;
    },
    close: () => {
      core.isClosed = true;
      core.connections.closeAll();
    },
  };
}
