export type Frame =
  | { readonly kind: 'message'; readonly data: Buffer }
  | { readonly kind: 'keepAlive' }
  | {
      readonly kind: 'violation';
      readonly reason: 'malformed' | 'tooLarge';
      /** The head up to and including its empty line, if complete: its sender can be answered. */
      readonly head: Buffer | undefined;
    };

const HEAD_END = '\r\n\r\n';
const CR = 0x0d;
const LF = 0x0a;
const INITIAL_BYTES = 4096;

/**
 * Cuts a byte stream into messages by Content-Length (RFC 3261 section 18.3), however the network
 * cut it, and finds the keep-alive of RFC 5626 section 3.5.1. Holds at most one message and one
 * chunk; after a violation the message boundary is unknown and nothing else comes out.
 */
export class StreamFramer {
  readonly #maxMessageBytes: number;
  #buffer = Buffer.allocUnsafe(0);
  #start = 0;
  #end = 0;
  /** Position where the search for the head's end continues, so that no byte is searched twice. */
  #searched = 0;
  #broken = false;

  constructor(maxMessageBytes: number) {
    this.#maxMessageBytes = maxMessageBytes;
  }

  push(chunk: Buffer): Frame[] {
    if (this.#broken) return [];
    this.#append(chunk);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame !== undefined; frame = this.#next()) {
      frames.push(frame);
      if (frame.kind === 'violation') {
        this.#broken = true;
        this.#buffer = Buffer.allocUnsafe(0);
        break;
      }
    }
    return frames;
  }

  #append(chunk: Buffer): void {
    const held = this.#end - this.#start;
    if (this.#end + chunk.length > this.#buffer.length) {
      const size = Math.max(INITIAL_BYTES, (held + chunk.length) * 2);
      const room = size > this.#buffer.length ? Buffer.allocUnsafe(size) : this.#buffer;
      this.#buffer.copy(room, 0, this.#start, this.#end);
      this.#buffer = room;
      this.#searched -= this.#start;
      this.#start = 0;
      this.#end = held;
    }
    chunk.copy(this.#buffer, this.#end);
    this.#end += chunk.length;
  }

  #next(): Frame | undefined {
    const keepAlive = this.#skipLineEnds();
    if (keepAlive) return { kind: 'keepAlive' };
    const held = this.#buffer.subarray(this.#start, this.#end);
    // Too short yet to tell a keep-alive from a message.
    if (HEAD_END.startsWith(held.toString('latin1', 0, HEAD_END.length))) return undefined;
    const from = Math.max(this.#searched - this.#start - HEAD_END.length, 0);
    const headLength = held.indexOf(HEAD_END, from);
    this.#searched = this.#end;
    if (headLength < 0) return held.length > this.#maxMessageBytes ? TOO_LARGE : undefined;
    this.#searched = this.#start + headLength;
    const bodyStart = headLength + HEAD_END.length;
    const head = Buffer.from(held.subarray(0, bodyStart));
    const bodyLength = contentLength(head.toString('latin1'));
    if (bodyLength === undefined) return { kind: 'violation', reason: 'malformed', head };
    const length = bodyStart + bodyLength;
    if (length > this.#maxMessageBytes) return { kind: 'violation', reason: 'tooLarge', head };
    return length > held.length ? undefined : this.#take(length);
  }

  /** Reads line ends between messages: a double one is a ping, a single one is skipped. */
  #skipLineEnds(): boolean {
    while (this.#end - this.#start >= 2 && this.#lineEndAt(this.#start)) {
      const left = this.#end - this.#start;
      if (left >= 4 && this.#lineEndAt(this.#start + 2)) {
        this.#drop(4);
        return true;
      }
      if (left === 2 || (left === 3 && this.#buffer[this.#start + 2] === CR)) return false;
      this.#drop(2);
    }
    return false;
  }

  #lineEndAt(index: number): boolean {
    return this.#buffer[index] === CR && this.#buffer[index + 1] === LF;
  }

  #take(length: number): Frame {
    const data = Buffer.from(this.#buffer.subarray(this.#start, this.#start + length));
    this.#drop(length);
    return { kind: 'message', data };
  }

  #drop(length: number): void {
    this.#start += length;
    if (this.#start === this.#end) {
      this.#start = 0;
      this.#end = 0;
    }
    this.#searched = this.#start;
  }
}

const TOO_LARGE: Frame = { kind: 'violation', reason: 'tooLarge', head: undefined };

/**
 * Returns the body's length. A message without Content-Length has no body, unless it names a body
 * type (RFC 3261 section 20.15): undefined for such a message, an unreadable length, or two that
 * differ. All of them lose the boundary (section 18.3).
 */
function contentLength(head: string): number | undefined {
  const fields = head.replace(/\r\n[ \t]+/g, ' ').split('\r\n');
  const values = new Set<string>();
  let hasBody = false;
  for (const field of fields) {
    const colon = field.indexOf(':');
    const name = field.slice(0, Math.max(colon, 0)).trim().toLowerCase();
    if (name === 'content-length' || name === 'l') values.add(field.slice(colon + 1).trim());
    else if (name === 'content-type' || name === 'c') hasBody = true;
  }
  const [text] = values;
  if (text === undefined) return hasBody ? undefined : 0;
  return values.size > 1 || !/^\d{1,9}$/.test(text) ? undefined : Number(text);
}
