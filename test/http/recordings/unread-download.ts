import { once } from 'node:events';
import { connect } from 'node:net';

/** A few seconds as WAV, repeated beyond what the sockets of both sides hold: some 12 MB. */
const COPIES = 100;

export interface UnreadDownload {
  /** Resolves when it is cut off, with the ms since the request. */
  readonly closed: Promise<number>;
}

/**
 * Starts a download that its client does not read: the same file, many times on one connection.
 * Resolves once it has begun.
 */
export async function unreadDownload(
  api: string,
  path: string,
  headers: Readonly<Record<string, string>> = {},
): Promise<UnreadDownload> {
  const { host, port } = new URL(api);
  const socket = connect(Number(port), '127.0.0.1');
  const begunMs = performance.now();
  const closed = new Promise<number>((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(performance.now() - begunMs));
  });
  const lines = Object.entries({ Host: host, ...headers }).map((header) => header.join(': '));
  socket.write(`${[`GET ${path} HTTP/1.1`, ...lines].join('\r\n')}\r\n\r\n`.repeat(COPIES));
  await once(socket, 'readable');
  // A socket that is not read reports its end by an error on a write.
  const ping = setInterval(() => socket.write('\r\n'), 100);
  return { closed: closed.finally(() => clearInterval(ping)) };
}
