import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  /** As it came, byte for byte. */
  readonly body: string;
  readonly event: { sequence: number; uccName: string; correlationId: string; type: string };
  /** Monotonic ms */
  readonly at: number;
}

/**
 * Answers a delivery; `undefined` answers 204, a number that status, a function whatever it does.
 */
export type Answer = number | ((response: ServerResponse, received: Received) => void) | undefined;

/** A real HTTP server on loopback that keeps what it was sent. */
export class Receiver {
  readonly received: Received[] = [];
  /** Decides on each delivery; by default every one is taken. */
  answer: (received: Received, index: number) => Answer = () => undefined;
  readonly #server: Server;
  readonly #waiting = new Set<() => void>();

  private constructor() {
    this.#server = createServer((request, response) => void this.#take(request, response));
  }

  static async open(port = 0): Promise<Receiver> {
    const receiver = new Receiver();
    receiver.#server.listen(port, '127.0.0.1');
    await once(receiver.#server, 'listening');
    return receiver;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }
  get url(): string {
    return `http://127.0.0.1:${this.port}/events`;
  }
  get sequences(): number[] {
    return this.received.map(({ event }) => event.sequence);
  }

  /** Resolves once what was received satisfies. */
  until(satisfies: (received: readonly Received[]) => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!satisfies(this.received)) return;
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
      look();
    });
  }

  count(count: number): Promise<void> {
    return this.until((received) => received.length >= count);
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    this.#server.close();
    await once(this.#server, 'close');
  }

  async #take(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = '';
    for await (const piece of request.setEncoding('utf8')) body += piece;
    const { url: path = '', headers } = request;
    const event = JSON.parse(body) as Received['event'];
    const received = { path, headers, body, event, at: performance.now() };
    const answer = this.answer(received, this.received.length);
    this.received.push(received);
    if (typeof answer === 'function') answer(response, received);
    else response.writeHead(answer ?? 204).end();
    for (const look of [...this.#waiting]) look();
  }
}

/** Leaves the sender without an answer. */
export const hang: Answer = () => {};
