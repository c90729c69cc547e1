import { STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { afterLastAnswer } from './in-turn.ts';

const statuses: Readonly<Record<string, number>> = {
  ERR_HTTP_REQUEST_TIMEOUT: 408,
  HPE_HEADER_OVERFLOW: 431,
};

/** Answers bytes that are no HTTP once, behind the answers before them, and cuts them off. */
export function onClientError(error: Error & { readonly code?: string }, socket: Duplex): void {
  const { code = '' } = error;
  // Bytes behind a request that closes the connection are nobody's (RFC 9112 section 9.6): its
  // answer is still to be sent.
  if (code === 'HPE_CLOSED_CONNECTION' || code === 'ECONNRESET' || socket.destroyed) return;
  afterLastAnswer(socket, (isBegun) => {
    // In the midst of another answer its words would be taken for a part of that.
    if (socket.writable && !isBegun) socket.write(answerOf(statuses[code] ?? 400));
    socket.destroy(error);
  });
}

function answerOf(status: number): string {
  const title = STATUS_CODES[status] ?? '';
  const body = JSON.stringify({ type: 'about:blank', title, status });
  return (
    `HTTP/1.1 ${status} ${title}\r\nConnection: close\r\n` +
    `Content-Type: application/problem+json\r\nContent-Length: ${body.length}\r\n\r\n${body}`
  );
}
