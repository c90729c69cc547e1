import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** A TCP relay between one client and Hush: a network that can fail. */
export class CuttableLink {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #onConnection: (() => void)[] = [];

  private constructor(server: Server) {
    this.#server = server;
  }

  static async to(api: string): Promise<CuttableLink> {
    const port = Number(new URL(api).port);
    const server = createServer({ noDelay: true });
    const link = new CuttableLink(server);
    server.on('connection', (socket) => link.#relay(socket, port));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return link;
  }

  /** The address that the client takes for Hush. */
  get api(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Resets every connection on both sides, without a word. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resolves when the client connects again. */
  nextConnection(): Promise<void> {
    return new Promise((resolve) => this.#onConnection.push(resolve));
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #relay(client: Socket, port: number): void {
    const hush = connect({ port, host: '127.0.0.1', noDelay: true });
    for (const [socket, other] of [
      [client, hush],
      [hush, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.pipe(other);
      socket.on('error', () => other.destroy());
      socket.once('close', () => {
        this.#sockets.delete(socket);
        other.destroy();
      });
    }
    for (const resolve of this.#onConnection.splice(0)) resolve();
  }
}
