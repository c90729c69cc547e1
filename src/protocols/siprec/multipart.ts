import { randomUUID } from 'node:crypto';
import { transferDecoded } from './transfer-decoding.ts';
import type { BodyFault } from './types.ts';

export interface MultipartPart {
  /** Media type in lower case without parameters; `text/plain` if the part names none. */
  readonly contentType: string;
  /** The whole value of Content-Type. */
  readonly typeHeader: string;
  /** Lower case, without parameters: `recording-session`. */
  readonly disposition: string | undefined;
  /** Lower case, as Content-Encoding names it: `gzip`. */
  readonly coding: string | undefined;
  /** Transfer decoded. */
  readonly content: Buffer;
}

export interface Multipart {
  readonly parts: readonly MultipartPart[];
  /** Departures of the body from RFC 2046: its contents may be incomplete. */
  readonly faults: readonly BodyFault[];
}

export const MAX_MULTIPART_PARTS = 32;
export const MAX_PART_HEADER_BYTES = 4_096;
/** Distance from its beginning within which an unannounced boundary is searched for. */
const MAX_PREAMBLE_BYTES = 8_192;

const TAB = 0x09;
const LF = 0x0a;
const CR = 0x0d;
const SPACE = 0x20;
const DASH = 0x2d;

interface Delimiter {
  /** First byte after the previous part: the line break belongs to the delimiter. */
  readonly start: number;
  /** First byte after the delimiter's own line. */
  readonly end: number;
  readonly closing: boolean;
}

/**
 * Returns the parts of a `multipart/...` body (RFC 2046 section 5.1) in order. Preamble and
 * epilogue are skipped; bare LF is accepted for CRLF, as some clients send it. If the boundary is
 * not the announced one, the one in the body counts; without a closing one, the last part ends with
 * the body. Never throws.
 */
export function readMultipart(content: Buffer, contentType: string): Multipart {
  const faults = new Set<BodyFault>();
  const delimiter = delimiterOf(content, contentType, faults);
  const parts: MultipartPart[] = [];
  let open = delimiter && nextDelimiter(content, delimiter, 0);
  while (delimiter && open && !open.closing) {
    const next = nextDelimiter(content, delimiter, open.end);
    const end = next ? Math.max(open.end, next.start) : endOfLast(content, delimiter);
    const part = content.subarray(open.end, Math.max(open.end, end));
    if (!next) faults.add('truncated');
    if (parts.length === MAX_MULTIPART_PARTS) {
      faults.add('tooManyParts');
      break;
    }
    if (next || !isBlank(part)) parts.push(readPart(part, faults));
    open = next;
  }
  return { parts, faults: [...faults] };
}

/** Returns the boundary that a body begins with, if one does and a part's headers follow. */
export function boundaryIn(content: Buffer): string | undefined {
  const head = content.subarray(0, MAX_PREAMBLE_BYTES).toString('latin1');
  return /(?:^|\n)--([^\r\n]{1,256}?)[ \t]*\r?\n[A-Za-z-]{1,64}[ \t]*:/.exec(head)?.[1];
}

function delimiterOf(
  content: Buffer,
  contentType: string,
  faults: Set<BodyFault>,
): Buffer | undefined {
  const announced = announcedBoundary(contentType);
  const delimiter = Buffer.from(`--${announced ?? ''}`, 'latin1');
  if (announced !== undefined && nextDelimiter(content, delimiter, 0)) return delimiter;
  faults.add('boundary');
  const found = boundaryIn(content);
  return found === undefined ? undefined : Buffer.from(`--${found}`, 'latin1');
}

/** RFC 2046 section 5.1.1 allows 70 characters, quoted or not; more do no harm. */
function announcedBoundary(contentType: string): string | undefined {
  const match = /;\s*boundary\s*=\s*(?:"([^"\r\n]{1,256})"|([^\s;"]{1,256}))\s*(?:;|$)/i.exec(
    contentType,
  );
  return match?.[1] ?? match?.[2];
}

/** Finds the next line from `from` on that holds only the boundary, `--` and blanks. */
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
  else if (end < content.length) return undefined;
  const lineBreak = at === 0 ? 0 : content[at - 2] === CR ? 2 : 1;
  return { start: at - lineBreak, end, closing };
}

/** Returns the end of a body that was cut off in its last boundary, or before it. */
function endOfLast(content: Buffer, delimiter: Buffer): number {
  const lastLine = content.lastIndexOf(LF) + 1;
  const rest = content.subarray(lastLine);
  const isCut = rest.length >= 2 && delimiter.subarray(0, rest.length).equals(rest);
  return isCut ? lastLine : content.length;
}

function isBlank(part: Buffer): boolean {
  return part.every((byte) => byte === SPACE || byte === TAB || byte === CR || byte === LF);
}

function readPart(part: Buffer, faults: Set<BodyFault>): MultipartPart {
  const { headers, bodyStart, isWhole } = splitHeaders(part);
  if (!isWhole) faults.add('partHeaders');
  const first = (name: string) => mediaValue(headers.get(name));
  const encoding = first('content-transfer-encoding') ?? 'binary';
  const content = transferDecoded(part.subarray(bodyStart), encoding);
  if (!content.isRight) faults.add('transferEncoding');
  return {
    contentType: first('content-type') || 'text/plain',
    typeHeader: headers.get('content-type') ?? '',
    disposition: first('content-disposition'),
    coding: first('content-encoding'),
    content: content.decoded,
  };
}

/** Returns the value without parameters, in lower case. */
function mediaValue(header: string | undefined): string | undefined {
  return header?.split(';')[0]?.trim().toLowerCase();
}

/**
 * Returns the headers, and where their content begins: after the empty line or, without one, with
 * the first line that is no header.
 */
function splitHeaders(part: Buffer) {
  const headers = new Map<string, string>();
  let name: string | undefined;
  for (let at = 0; at < part.length && at < MAX_PART_HEADER_BYTES; ) {
    const lineFeed = part.indexOf(LF, at);
    const next = lineFeed < 0 ? part.length : lineFeed + 1;
    const line = part
      .subarray(at, next)
      .toString('latin1')
      .replace(/\r?\n$/, '');
    if (line === '') return { headers, bodyStart: next, isWhole: true };
    const header = /^([A-Za-z0-9-]{1,64})[ \t]*:(.*)$/.exec(line);
    if (header) {
      name = header[1]?.toLowerCase() ?? '';
      headers.set(name, header[2]?.trim() ?? '');
    } else if (name !== undefined && /^[ \t]/.test(line)) {
      headers.set(name, `${headers.get(name) ?? ''} ${line.trim()}`.trim());
    } else return { headers, bodyStart: at, isWhole: false };
    at = next;
  }
  return { headers, bodyStart: Math.min(part.length, MAX_PART_HEADER_BYTES), isWhole: false };
}

export interface OutgoingPart {
  readonly contentType: string;
  readonly disposition?: string;
  readonly content: string | Buffer;
}

/** Builds a `multipart/mixed` body and the Content-Type header that belongs to it. */
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
