import { createServer } from 'node:http';
import { type AddressInfo, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { SignalrOptions } from '../../../../src/protocols/signalr/hub/options.ts';
import {
  createSignalrServer,
  type SignalrServer,
} from '../../../../src/protocols/signalr/server.ts';

export interface RunningServer {
  readonly signalr: SignalrServer;
  readonly url: string;
  readonly port: number;
  /** Cuts every WebSocket at the TCP level. */
  cutSockets(): void;
  stop(): Promise<void>;
}

const PATH = '/hub';

/** A real server on a port of the system's choice, mounted as an owner would on bare node:http. */
export async function startServer(options: SignalrOptions): Promise<RunningServer> {
  const signalr = createSignalrServer(options);
  const upgraded = new Set<Duplex>();
  const http = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '', 'http://host');
    const suffix = pathname === PATH ? '' : '/negotiate';
    const user = searchParams.get('user') ?? 'anonymous';
    void signalr.handleRequest(request, response, { suffix, query: searchParams, user });
  });
  http.on('upgrade', (request, socket, head) => {
    const { searchParams } = new URL(request.url ?? '', 'http://host');
    upgraded.add(socket);
    socket.once('close', () => upgraded.delete(socket));
    signalr.handleUpgrade(request, socket, head, { query: searchParams, user: 'anonymous' });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  const { port } = http.address() as AddressInfo;
  return {
    signalr,
    port,
    url: `http://127.0.0.1:${port}${PATH}`,
    cutSockets() {
      for (const socket of upgraded) if (socket instanceof Socket) socket.resetAndDestroy();
    },
    async stop() {
      signalr.close();
      const closed = new Promise((resolve) => http.close(resolve));
      http.closeAllConnections();
      for (const socket of upgraded) socket.destroy();
      await closed;
    },
  };
}
