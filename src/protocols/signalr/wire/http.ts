import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';

const NO_CACHE = { 'Cache-Control': 'no-cache, no-store' };

/** A request that is answered with a status other than success. */
export class HttpError extends Error {
  override readonly name = 'HttpError';
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.headers = headers;
  }
}

export function answerText(response: ServerResponse, status: number, text = ''): void {
  response.writeHead(status, { ...NO_CACHE, 'Content-Type': 'text/plain' }).end(text);
}

export function answerJson(response: ServerResponse, value: object): void {
  response
    .writeHead(200, { ...NO_CACHE, 'Content-Type': 'application/json' })
    .end(JSON.stringify(value));
}

export function answerError(response: ServerResponse, error: HttpError): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  for (const [name, value] of Object.entries(error.headers)) response.setHeader(name, value);
  answerText(response, error.status, error.message);
}

/** Answers an upgrade that is refused; there is no ServerResponse for it. */
export function refuseUpgrade(socket: Duplex, { status, message }: HttpError): void {
  socket.on('error', () => {});
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n` +
      'Connection: close\r\nContent-Type: text/plain\r\n' +
      `Content-Length: ${Buffer.byteLength(message)}\r\n\r\n${message}`,
  );
}

/** Returns a whole body of at most `maxBytes`, whether or not it has been read before. */
export async function readBody(
  request: IncomingMessage,
  body: Buffer | undefined,
  maxBytes: number,
): Promise<Buffer> {
  if (body !== undefined)
    return bounded(Buffer.isBuffer(body) ? body : Buffer.from(body), maxBytes);
  const chunks: Buffer[] = [];
  let byteLength = 0;
  // Not destroyed when too large: the answer goes over the same socket.
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!Buffer.isBuffer(chunk)) continue;
    byteLength += chunk.length;
    if (byteLength > maxBytes) throw tooLarge(maxBytes);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, byteLength);
}

function bounded(body: Buffer, maxBytes: number): Buffer {
  if (body.length > maxBytes) throw tooLarge(maxBytes);
  return body;
}

function tooLarge(maxBytes: number): HttpError {
  return new HttpError(413, `The body is larger than ${maxBytes} bytes.`, { Connection: 'close' });
}
