import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Faults of a request: its fate, and what its caller sees of it. */
export type Fault =
  /** It reaches Hush, and its answer reaches the caller. */
  | 'none'
  /** It is answered 500, and never reaches Hush. */
  | 'error'
  /** It is never answered, and never reaches Hush. */
  | 'hang'
  /** Hush carries it out; its caller gets no answer. */
  | 'hangAfter'
  /** Hush carries it out; the connection is cut. */
  | 'cutAfter'
  /** The connection is cut before the request reaches Hush. */
  | 'cutBefore'
  /** Hush carries it out; half of the answer arrives. */
  | 'torn'
  /** The same, and the connection waits for the other half. */
  | 'stalls'
  /** A success status with a body that breaks the API's promise. */
  | 'html'
  /** The answer claims that audio is still kept, whatever Hush answered. */
  | 'keepsAudio';

/** A proxy before a healthy Hush: each request meets the fault that `faultOf` names. */
export class FaultyProxy {
  readonly url: string;
  /** `POST /api/...`, in the order of arrival. */
  readonly requests: readonly string[];
  readonly #close: () => void;

  private constructor(url: string, requests: readonly string[], close: () => void) {
    this.url = url;
    this.requests = requests;
    this.#close = close;
  }

  static async start(
    target: string,
    faultOf: (method: string, path: string, count: number) => Fault,
  ): Promise<FaultyProxy> {
    const counts = new Map<string, number>();
    const requests: string[] = [];
    const server = createServer((incoming, outgoing) => {
      const { method = '', url = '' } = incoming;
      const count = (counts.get(method) ?? 0) + 1;
      counts.set(method, count);
      requests.push(`${method} ${url}`);
      void answer(target, faultOf(method, url, count), incoming, outgoing);
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    return new FaultyProxy(`http://127.0.0.1:${port}`, requests, () => {
      server.close();
      server.closeAllConnections();
    });
  }

  /** Closes the proxy: later requests reach nobody. */
  close(): void {
    this.#close();
  }
}

async function answer(
  target: string,
  fault: Fault,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): Promise<void> {
  if (fault === 'hang') return;
  if (fault === 'cutBefore') {
    incoming.socket.destroy();
    return;
  }
  if (fault === 'error') {
    outgoing.writeHead(500).end('{"title":"Internal error"}');
    return;
  }
  const { status, headers, body } = await forward(target, incoming);
  if (fault === 'hangAfter') return;
  if (fault === 'cutAfter') incoming.socket.destroy();
  else if (fault === 'stalls') {
    outgoing.writeHead(status, { ...headers, 'content-length': body.length });
    outgoing.write(body.subarray(0, body.length / 2));
  } else if (fault === 'html') outgoing.writeHead(200).end('<h1>It works!</h1>');
  else if (fault === 'torn') {
    outgoing.writeHead(status, { ...headers, 'content-length': body.length });
    outgoing.write(body.subarray(0, body.length / 2), () => incoming.socket.destroy());
  } else if (fault === 'keepsAudio') {
    const claim = JSON.stringify({ ...JSON.parse(String(body)), keepsAudio: true });
    outgoing.writeHead(status, { 'content-type': 'application/json' }).end(claim);
  } else outgoing.writeHead(status, headers).end(body);
}

function forward(
  target: string,
  incoming: IncomingMessage,
): Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: Buffer }> {
  const { method, url = '', headers } = incoming;
  return new Promise((resolve, reject) => {
    const outgoing = request(new URL(url, target), { method, headers }, (response) => {
      const pieces: Buffer[] = [];
      response.on('data', (piece: Buffer) => pieces.push(piece));
      response.on('end', () => {
        const { statusCode: status = 502 } = response;
        resolve({ status, headers: response.headers, body: Buffer.concat(pieces) });
      });
    });
    outgoing.on('error', reject);
    incoming.pipe(outgoing);
  });
}
