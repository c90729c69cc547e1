import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Faults of a proxy between Hush and its bucket, or of the bucket itself. */
export const bucketFaults = [
  /** A proxy's page with a success status. */
  'page',
  /** A proxy's page with status 404. */
  'pageMissing',
  'noSuchBucket',
  'noSuchKey',
  'forbidden',
  'unavailable',
  /** The body breaks off midway. */
  'reset',
  /** Half of the requested bytes, as if they were all. */
  'short',
  /** HEAD reports a shorter object than there is. */
  'shortHead',
  'longHead',
] as const;
export type BucketFault = (typeof bucketFaults)[number];

const page = '<html><body>Please sign in to the network.</body></html>'.repeat(40);
const said: Partial<Record<BucketFault, [status: number, code: string]>> = {
  noSuchBucket: [404, 'NoSuchBucket'],
  noSuchKey: [404, 'NoSuchKey'],
  forbidden: [403, 'AccessDenied'],
  unavailable: [503, 'SlowDown'],
};

const headLies: Partial<Record<BucketFault, number>> = { shortHead: -50, longHead: 50 };

/** A bucket server behind a faulty proxy; objects meet the fault, listings do not. */
export class FaultyBucket {
  readonly port: number;
  fault: BucketFault | undefined;
  readonly #close: () => void;

  private constructor(port: number, close: () => void) {
    this.port = port;
    this.#close = close;
  }

  static async start(target: number): Promise<FaultyBucket> {
    const server = createServer((incoming, outgoing) => bucket.#answer(target, incoming, outgoing));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as AddressInfo;
    const bucket = new FaultyBucket(port, () => {
      server.close();
      server.closeAllConnections();
    });
    return bucket;
  }

  close(): void {
    this.#close();
  }

  #answer(port: number, incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = '', url = '' } = incoming;
    const isOfObject = url.includes('.seg') || url.includes('.bin');
    const isMet = isOfObject && (method === 'GET' || method === 'HEAD');
    const fault = isMet ? this.fault : undefined;
    const [status, code] = (fault && said[fault]) ?? [];
    if (status !== undefined) {
      outgoing.writeHead(status, { 'Content-Type': 'application/xml' });
      const words = `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;
      outgoing.end(method === 'HEAD' ? undefined : words);
    } else if (fault === 'page' || fault === 'pageMissing') {
      const headers = { 'Content-Type': 'text/html', 'Content-Length': page.length };
      outgoing.writeHead(fault === 'page' ? 200 : 404, headers);
      outgoing.end(method === 'HEAD' ? undefined : page);
    } else forward(port, fault, incoming, outgoing);
  }
}

function forward(
  port: number,
  fault: BucketFault | undefined,
  incoming: IncomingMessage,
  outgoing: ServerResponse,
): void {
  const { method = '', url = '', headers } = incoming;
  const onward = request(
    { host: '127.0.0.1', port, method, path: url, headers },
    async (answer) => {
      const pieces: Buffer[] = [];
      for await (const piece of answer) pieces.push(piece as Buffer);
      const body = Buffer.concat(pieces);
      const { 'transfer-encoding': _, ...told } = answer.headers;
      const half = body.subarray(0, Math.floor(body.length / 2));
      const sent = fault === 'short' ? half : body;
      const isHead = method === 'HEAD';
      const headLength = Number(told['content-length'] ?? 0) + (headLies[fault ?? 'page'] ?? 0);
      const length = isHead ? headLength : sent.length;
      outgoing.writeHead(answer.statusCode ?? 502, { ...told, 'content-length': length });
      if (isHead) outgoing.end();
      else if (fault === 'reset') outgoing.write(half, () => outgoing.destroy());
      else outgoing.end(sent);
    },
  );
  onward.once('error', () => outgoing.destroy());
  incoming.pipe(onward);
}
