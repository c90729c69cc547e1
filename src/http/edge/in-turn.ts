import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';

/** Requests that wait behind an answer on one connection; who sends more is cut off. */
const MAX_WAITING = 256;

interface Line {
  /** The answer in progress. */
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  waiting: (() => void)[];
}

/** Waiting requests of each connection that is being answered. */
const lines = new WeakMap<Duplex, Line>();

/**
 * Hands the requests of one connection over one after the other, each once the one before has been
 * answered (RFC 9112 section 9.3.2: what is not safe must not run beside another). One behind an
 * answer that closes the connection is never carried out (section 9.6). Whatever Node would answer
 * by itself, past this line, is to be answered here.
 */
export function inTurn(handler: RequestListener): RequestListener {
  return (request, response) => take(request, response, () => handler(request, response));
}

/** Runs at once where the connection waits for no answer; never where an answer closes it. */
export function afterAnswers({ socket }: IncomingMessage, run: () => void): void {
  const line = lines.get(socket);
  if (line) line.waiting.push(run);
  else if (!isOver(socket)) run();
}

/**
 * Ends a connection whose bytes cannot be read any further. What has been read whole and is being
 * answered gets its answer first; where that request itself is what cannot be read, nothing comes
 * before, but `isBegun` says whether an answer to it has.
 */
export function afterLastAnswer(socket: Duplex, end: (isBegun: boolean) => void): void {
  const line = lines.get(socket);
  if (line?.request.complete) line.waiting = [() => end(false)];
  else end(line?.response.headersSent ?? false);
}

/** Closed from this side: bytes that come all the same are nobody's. */
function isOver(socket: Duplex): boolean {
  return socket.destroyed || socket.writableEnded;
}

function take(request: IncomingMessage, response: ServerResponse, run: () => void): void {
  const { socket } = request;
  const line = lines.get(socket);
  const begin = (): void => {
    lines.set(socket, { request, response, waiting: lines.get(socket)?.waiting ?? [] });
    // Node's own listener runs first: by now it has closed a connection that is to close.
    response.once('close', () => next(socket));
    run();
  };
  if (isOver(socket)) return;
  if (!line) begin();
  else if (line.waiting.length < MAX_WAITING) line.waiting.push(begin);
  else socket.destroy();
}

function next(socket: Duplex): void {
  const begin = isOver(socket) ? undefined : lines.get(socket)?.waiting.shift();
  if (begin) begin();
  else lines.delete(socket);
}
