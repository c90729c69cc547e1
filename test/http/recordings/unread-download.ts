import { once } from 'node:events';
import { connect } from 'node:net';

/** More than what the sockets of both sides hold, of a few seconds as WAV: some 12 MB. */
const COPIES = 100;

export interface UnreadDownload {
  /** Resolves when it is cut off, with ms since it was asked for. */
  readonly closed: Promise<number>;
}

/**
 * A download that its client does not read: the same one, many times on one connection. Resolves
 * once it has begun.
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
  // A socket that is not read tells of its end by an error when it is written to.
  const ping = setInterval(() => socket.write('\r\n'), 100);
  return { closed: closed.finally(() => clearInterval(ping)) };
}
