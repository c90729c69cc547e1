// HTTP/1.1 on a bare socket: a client cheap enough that the server is what is measured.
import { connect, type Socket } from 'node:net';

const HEADER_END = Buffer.from('\r\n\r\n');

/** Builds a request for v1, or, with a token, for v2. */
export function getRequest(path: string, token?: string): Buffer {
  const head = [`GET ${path} HTTP/1.1`, 'Host: localhost'];
  if (token !== undefined) head.push(`Authorization: Bearer ${token}`);
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n`);
}

export function requestOf(path: string, body: string): Buffer {
  const head = [
    `POST ${path} HTTP/1.1`,
    'Host: localhost',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  return Buffer.from(`${head.join('\r\n')}\r\n\r\n${body}`);
}

/**
 * Returns the length of the whole answer at the start of `data`; undefined while it is incomplete.
 */
export function answerBytes(data: Buffer): number | undefined {
  const end = data.indexOf(HEADER_END);
  if (end < 0) return undefined;
  const match = /content-length: (\d+)/i.exec(data.toString('latin1', 0, end));
  const bytes = end + HEADER_END.length + Number(match?.[1] ?? 0);
  return data.length >= bytes ? bytes : undefined;
}

/** A connection that stays open after its first request, and carries one at a time. */
export class Connection {
  readonly #port: number;
  #socket: Socket | undefined;
  #data: Buffer = Buffer.alloc(0);
  #waiting: { resolve(body: string): void; reject(cause: Error): void } | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  #connect(): Socket {
    const socket = connect(this.#port, '127.0.0.1').setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#receive(chunk));
    socket.on('error', (cause) => this.#waiting?.reject(cause));
    socket.on('close', () => this.#waiting?.reject(new Error('connection closed')));
    return socket;
  }

  /** Resolves with the answer's body. */
  ask(request: Buffer): Promise<string> {
    return new Promise((resolve, reject) => {
      // Connects late: a server waits only so long for the first request of a connection.
      this.#socket ??= this.#connect();
      this.#waiting = { resolve, reject };
      this.#socket.write(request);
    });
  }

  close(): void {
    this.#waiting = undefined;
    this.#socket?.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#data = this.#data.length === 0 ? chunk : Buffer.concat([this.#data, chunk]);
    const bytes = answerBytes(this.#data);
    if (bytes === undefined) return;
    const body = this.#data.toString('utf8', this.#data.indexOf(HEADER_END) + 4, bytes);
    this.#data = this.#data.subarray(bytes);
    this.#waiting?.resolve(body);
    this.#waiting = undefined;
  }
}
