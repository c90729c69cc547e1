import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests that wait behind an answer on one connection; who sends more is cut off. */
const MAX_WAITING = 256;

/** Of each connection that is being answered: what waits for its turn. */
const lines = new WeakMap<Duplex, (() => void)[]>();

/**
 * Hands the requests of one connection over one after the other, each once the one before has been
 * answered (RFC 9112 section 9.3.2: what is not safe must not run beside another). One behind an
 * answer that closes the connection is never carried out (section 9.6).
 */
export function inTurn(handler: RequestListener): RequestListener {
  return (request, response) => take(request, response, () => handler(request, response));
}

/** Runs at once where the connection waits for no answer; never where an answer closes it. */
export function afterAnswers({ socket }: IncomingMessage, run: () => void): void {
  const line = lines.get(socket);
  if (line) line.push(run);
  else if (!isOver(socket)) run();
}

/** Closed from this side: bytes that come all the same are nobody's. */
function isOver(socket: Duplex): boolean {
  return socket.destroyed || socket.writableEnded;
}

function take({ socket }: IncomingMessage, response: ServerResponse, run: () => void): void {
  const begin = (): void => {
    // Behind Node's own listener, which has closed the connection by then, where it is to close.
    response.once('close', () => next(socket));
    run();
  };
  const line = lines.get(socket);
  if (isOver(socket)) return;
  if (!line) {
    lines.set(socket, []);
    begin();
  } else if (line.length < MAX_WAITING) line.push(begin);
  else socket.destroy();
}

function next(socket: Duplex): void {
  const begin = isOver(socket) ? undefined : lines.get(socket)?.shift();
  if (begin) begin();
  else lines.delete(socket);
}
