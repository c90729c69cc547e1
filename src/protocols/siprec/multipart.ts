import { randomUUID } from 'node:crypto';

export interface MultipartPart {
  /** Media type in lower case without parameters; `text/plain` if the part names none. */
  readonly contentType: string;
  /** Lower case, without parameters: `recording-session`. */
  readonly disposition: string | undefined;
  readonly content: Buffer;
}

export type MultipartErrorReason =
  | 'notMultipart'
  | 'boundary'
  | 'truncated'
  | 'tooManyParts'
  | 'partHeaders'
  | 'transferEncoding';

/** The body is no whole multipart body. Never quotes it. */
export class MultipartError extends Error {
  override readonly name = 'MultipartError';
  readonly reason: MultipartErrorReason;

  constructor(reason: MultipartErrorReason) {
    super(`Multipart body refused: ${reason}`);
    this.reason = reason;
  }
}

export const MAX_MULTIPART_PARTS = 8;
export const MAX_PART_HEADER_BYTES = 4_096;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DASH = 0x2d;

interface Delimiter {
  /** First byte that no longer belongs to the part before: the line break counts as delimiter. */
  readonly start: number;
  /** First byte after the delimiter's own line. */
  readonly end: number;
  readonly closing: boolean;
}

/**
 * Parts of a `multipart/...` body (RFC 2046 section 5.1) as views of `content`, in their order.
 * Preamble and epilogue are passed over; bare LF is taken for CRLF, as some clients send it. A body
 * whose closing boundary is missing was cut short and is refused. Throws MultipartError only.
 */
export function parseMultipart(content: Buffer, contentType: string): MultipartPart[] {
  const delimiter = Buffer.from(`--${boundaryOf(contentType)}`, 'latin1');
  const parts: MultipartPart[] = [];
  let open = nextDelimiter(content, delimiter, 0);
  while (open && !open.closing) {
    if (parts.length === MAX_MULTIPART_PARTS) throw new MultipartError('tooManyParts');
    const next = nextDelimiter(content, delimiter, open.end);
    if (!next) throw new MultipartError('truncated');
    parts.push(parsePart(content.subarray(open.end, Math.max(open.end, next.start))));
    open = next;
  }
  if (!open) throw new MultipartError('truncated');
  return parts;
}

/** RFC 2046 section 5.1.1: 1 to 70 characters, quoted or not. */
function boundaryOf(contentType: string): string {
  if (!/^\s*multipart\/[^\s;]+\s*;/i.test(contentType)) throw new MultipartError('notMultipart');
  const match = /;\s*boundary\s*=\s*(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))\s*(?:;|$)/i.exec(
    contentType,
  );
  const boundary = match?.[1] ?? match?.[2];
  if (boundary === undefined) throw new MultipartError('boundary');
  return boundary;
}

/** The next line from `from` on that is the boundary and nothing else but `--` and blanks. */
function nextDelimiter(content: Buffer, delimiter: Buffer, from: number): Delimiter | undefined {
  for (let at = content.indexOf(delimiter, from); at >= 0; ) {
    const found = delimiterAt(content, at, delimiter.length);
    if (found) return found;
    at = content.indexOf(delimiter, at + 1);
  }
  return undefined;
}

function delimiterAt(content: Buffer, at: number, length: number): Delimiter | undefined {
  if (at > 0 && content[at - 1] !== LF) return undefined;
  let end = at + length;
  const closing = content[end] === DASH && content[end + 1] === DASH;
  if (closing) end += 2;
  while (content[end] === SPACE || content[end] === TAB) end += 1;
  if (content[end] === CR) end += 1;
  if (content[end] === LF) end += 1;
  else if (!closing || end < content.length) return undefined;
  const lineBreak = at === 0 ? 0 : content[at - 2] === CR ? 2 : 1;
  return { start: at - lineBreak, end, closing };
}

function parsePart(part: Buffer): MultipartPart {
  const { headers, bodyStart } = splitHeaders(part);
  const encoding = headers.get('content-transfer-encoding') ?? 'binary';
  if (!['7bit', '8bit', 'binary'].includes(encoding)) throw new MultipartError('transferEncoding');
  return {
    contentType: headers.get('content-type') ?? 'text/plain',
    disposition: headers.get('content-disposition'),
    content: part.subarray(bodyStart),
  };
}

/** Header values without parameters, lower case; a part may begin with the empty line at once. */
function splitHeaders(part: Buffer): { headers: Map<string, string>; bodyStart: number } {
  const head = part.subarray(0, MAX_PART_HEADER_BYTES).toString('latin1');
  const blank = /^\r?\n|\r?\n\r?\n/.exec(head);
  if (!blank) throw new MultipartError('partHeaders');
  const headers = new Map<string, string>();
  const lines = head.slice(0, blank.index).replace(/\r?\n[ \t]+/g, ' ');
  for (const line of lines.split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon < 0) continue;
    const value = line.slice(colon + 1).split(';')[0] ?? '';
    headers.set(line.slice(0, colon).trim().toLowerCase(), value.trim().toLowerCase());
  }
  return { headers, bodyStart: blank.index + blank[0].length };
}

export interface OutgoingPart {
  readonly contentType: string;
  readonly disposition?: string;
  readonly content: string | Buffer;
}

/** A `multipart/mixed` body and the Content-Type header that belongs to it. */
export function buildMultipart(parts: readonly OutgoingPart[]): {
  contentType: string;
  content: Buffer;
} {
  const boundary = `part-${randomUUID()}`;
  const pieces = parts.flatMap((part) => [
    Buffer.from(`--${boundary}\r\nContent-Type: ${part.contentType}\r\n`),
    Buffer.from(part.disposition ? `Content-Disposition: ${part.disposition}\r\n\r\n` : '\r\n'),
    Buffer.from(part.content),
    Buffer.from('\r\n'),
  ]);
  pieces.push(Buffer.from(`--${boundary}--\r\n`));
  return {
    contentType: `multipart/mixed;boundary=${boundary}`,
    content: Buffer.concat(pieces),
  };
}
