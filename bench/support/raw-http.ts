// HTTP/1.1 on a bare socket: a client that costs so little that it is the server that is measured.
import { connect, type Socket } from 'node:net';

const HEADER_END = Buffer.from('\r\n\r\n');

/** Without a token, as v1; with one, as v2. */
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

/** Bytes of the whole answer at the start of `data`, or undefined while it is incomplete. */
export function answerBytes(data: Buffer): number | undefined {
  const end = data.indexOf(HEADER_END);
  if (end < 0) return undefined;
  const match = /content-length: (\d+)/i.exec(data.toString('latin1', 0, end));
  const bytes = end + HEADER_END.length + Number(match?.[1] ?? 0);
  return data.length >= bytes ? bytes : undefined;
}

/** A connection that stays open from its first request on, and carries one at a time. */
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
      // A server waits for the first request of a connection only so long.
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
