import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** A COMMIT as a simple query of PostgreSQL's protocol. */
const commitQuery = Buffer.from('Q\0\0\0\u000bcommit\0', 'latin1');
const beginQuery = Buffer.from('Q\0\0\0\u000abegin\0', 'latin1');

interface Losing {
  /** Text that the transaction contains. */
  readonly containing: string;
  run(): void;
}

/** A network between a client and a server on this machine, which can be cut. */
export class CutNetwork {
  readonly #server: Server;
  readonly #targetPort: number;
  readonly #sockets = new Set<Socket>();
  #isCut = false;
  /** Called when the next COMMIT is on its way: its answer, and everything after it, is lost. */
  #onCommit: Losing | undefined;

  private constructor(targetPort: number) {
    this.#targetPort = targetPort;
    this.#server = createServer((client) => this.#join(client));
  }

  static async to(targetPort: number): Promise<CutNetwork> {
    const network = new CutNetwork(targetPort);
    network.#server.listen(0, '127.0.0.1');
    await once(network.#server, 'listening');
    return network;
  }

  /** Returns the address of a server behind this network. */
  through(url: string): string {
    const { port } = this.#server.address() as { port: number };
    const changed = new URL(url);
    changed.port = String(port);
    return changed.href;
  }

  /** Breaks every connection and refuses new ones. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
    this.#onCommit = undefined;
  }

  /**
   * Resolves when a COMMIT has reached the server and its answer is lost.
   * @param andCut keeps the network cut afterwards
   * @param containing text in the transaction to lose
   */
  loseAnswer(andCut: boolean, containing = ''): Promise<void> {
    return new Promise((resolve) => {
      const run = (): void => {
        if (andCut) this.cut();
        resolve();
      };
      this.#onCommit = { containing, run };
    });
  }

  async close(): Promise<void> {
    this.cut();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    if (this.#isCut) {
      client.destroy();
      return;
    }
    const server = connect(this.#targetPort, '127.0.0.1');
    let isLost = false;
    for (const [socket, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.#sockets.delete(socket);
        if (!isLost) other.destroy();
      });
    }
    let transaction = '';
    client.on('data', (bytes: Buffer) => {
      if (bytes.includes(beginQuery)) transaction = '';
      transaction += bytes.toString('latin1');
      const losing = this.#onCommit;
      const isLosing =
        bytes.includes(commitQuery) && transaction.includes(losing?.containing ?? '');
      server.write(bytes);
      if (!isLosing || !losing) return;
      isLost = true;
      this.#onCommit = undefined;
      // The server has read the COMMIT once it answers.
      server.once('data', () => {
        losing.run();
        client.destroy();
        server.destroy();
      });
    });
    server.on('data', (bytes) => {
      if (!isLost) client.write(bytes);
    });
  }
}
