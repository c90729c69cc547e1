import { expandName } from './header-names.ts';
import { header, headerValues, parseCommandSequence, parseNameAddr } from './headers.ts';
import type { SipHeader, SipRequest, SipResponse } from './types.ts';
import { topVia } from './via.ts';

/** More header lines than this are malformed, whatever the message's size. */
export const MAX_HEADER_COUNT = 256;

const CR = 0x0d;
const LF = 0x0a;
const HEAD_END = '\r\n\r\n';
const TOKEN = /^[A-Za-z0-9.!%*_+`'~-]+$/;

/** `request` is set when the sender can be answered with `statusCode`. */
export interface ParseFailure {
  readonly kind: 'failure';
  readonly statusCode: 400 | 505;
  readonly request?: SipRequest;
}

export type ParseResult =
  | { readonly kind: 'request'; readonly request: SipRequest }
  | { readonly kind: 'response'; readonly response: SipResponse }
  | ParseFailure;

type StartLine =
  | { readonly kind: 'request'; readonly method: string; readonly requestUri: string }
  | { readonly kind: 'otherVersion'; readonly method: string; readonly requestUri: string }
  /** A request, except for its white space. */
  | { readonly kind: 'spaced'; readonly method: string; readonly requestUri: string }
  | { readonly kind: 'response'; readonly statusCode: number; readonly reason: string };

interface Fields {
  readonly headers: readonly SipHeader[];
  readonly intact: boolean;
}

/**
 * Reads one whole message (RFC 3261 section 7): a datagram, or a message of the stream framer.
 * Bytes after Content-Length are ignored (section 18.3). Throws on no input.
 */
export function parseMessage(data: Buffer): ParseResult {
  const start = messageStart(data);
  const end = data.indexOf(HEAD_END, start);
  const lines = data.toString('utf8', start, end < 0 ? data.length : end).split('\r\n');
  const startLine = parseStartLine(lines[0] ?? '');
  if (startLine === undefined) return { kind: 'failure', statusCode: 400 };
  const fields = parseFields(lines);
  const body = cutBody(fields, end < 0 ? undefined : data.subarray(end + HEAD_END.length));
  if (startLine.kind === 'response') return toResponse(startLine, fields, body);
  return toRequest(startLine, fields, body);
}

/** Ignores line ends before the start line (RFC 3261 section 7.5). */
function messageStart(data: Buffer): number {
  let start = 0;
  while (data[start] === CR || data[start] === LF) start += 1;
  return start;
}

function parseStartLine(line: string): StartLine | undefined {
  const response = /^SIP\/2\.0 ([1-6]\d\d)(?: (.*))?$/is.exec(line);
  if (response) {
    return { kind: 'response', statusCode: Number(response[1]), reason: response[2] ?? '' };
  }
  const [, method, requestUri, version] = /^(\S+) (\S+) (SIP\/\d+\.\d+)$/i.exec(line) ?? [];
  if (method === undefined || requestUri === undefined) return parseSpacedLine(line);
  if (!TOKEN.test(method)) return undefined;
  const kind = version?.toUpperCase() === 'SIP/2.0' ? 'request' : 'otherVersion';
  return { kind, method, requestUri };
}

/** Parses a line whose sender can be answered (RFC 4475 sections 3.1.2.8 to 3.1.2.10). */
function parseSpacedLine(line: string): StartLine | undefined {
  const words = line.trimEnd().split(' ');
  const [method = ''] = words;
  if (words.length < 3 || words.at(-1)?.toUpperCase() !== 'SIP/2.0') return undefined;
  if (!TOKEN.test(method)) return undefined;
  return { kind: 'spaced', method, requestUri: words.slice(1, -1).join(' ').trim() };
}

/** Skips and notes unreadable lines, so that the sender can still be answered. */
function parseFields(lines: readonly string[]): Fields {
  const headers: SipHeader[] = [];
  const fields = unfold(lines.slice(1, MAX_HEADER_COUNT * 2));
  let intact = fields.length <= MAX_HEADER_COUNT && lines.length <= MAX_HEADER_COUNT * 2;
  for (const line of fields.slice(0, MAX_HEADER_COUNT)) {
    const colon = line.indexOf(':');
    const name = line.slice(0, Math.max(colon, 0)).trimEnd();
    if (!TOKEN.test(name) || /[\r\n]/.test(line)) intact = false;
    else headers.push({ name: expandName(name), value: line.slice(colon + 1).trim() });
  }
  return { headers, intact };
}

/** Joins a line that starts with white space to the previous one (RFC 3261 section 7.3.1). */
function unfold(lines: readonly string[]): string[] {
  const fields: string[] = [];
  for (const line of lines) {
    const last = fields.length - 1;
    if (/^[ \t]/.test(line) && last >= 0) fields[last] = `${fields[last]} ${line.trim()}`;
    else if (line !== '') fields.push(line);
  }
  return fields;
}

/** Returns undefined when the length is unreadable, contradictory, or more than was received. */
function cutBody(fields: Fields, rest: Buffer | undefined): Buffer | undefined {
  if (rest === undefined) return undefined;
  const lengths = new Set(headerValues(fields, 'Content-Length'));
  const [text] = lengths;
  if (text === undefined) return Buffer.from(rest);
  const length = /^\d{1,9}$/.test(text) ? Number(text) : Number.POSITIVE_INFINITY;
  if (lengths.size > 1 || length > rest.length) return undefined;
  return Buffer.from(rest.subarray(0, length));
}

function toResponse(
  startLine: StartLine & { kind: 'response' },
  fields: Fields,
  body: Buffer | undefined,
): ParseResult {
  const { statusCode, reason } = startLine;
  const response = { statusCode, reason, headers: fields.headers, body: body ?? Buffer.alloc(0) };
  if (!fields.intact || body === undefined || !hasEssentials(response)) {
    return { kind: 'failure', statusCode: 400 };
  }
  return { kind: 'response', response };
}

function toRequest(
  startLine: Exclude<StartLine, { kind: 'response' }>,
  fields: Fields,
  body: Buffer | undefined,
): ParseResult {
  const { method, requestUri } = startLine;
  const request = { method, requestUri, headers: fields.headers, body: body ?? Buffer.alloc(0) };
  if (!isAnswerable(request)) return { kind: 'failure', statusCode: 400 };
  if (startLine.kind === 'spaced') return { kind: 'failure', statusCode: 400, request };
  if (startLine.kind === 'otherVersion') return { kind: 'failure', statusCode: 505, request };
  const whole = fields.intact && body !== undefined && hasEssentials(request);
  if (!whole || parseCommandSequence(header(request, 'CSeq'))?.method !== method) {
    return { kind: 'failure', statusCode: 400, request };
  }
  return { kind: 'request', request };
}

/** True if all fields that an answer repeats (RFC 3261 section 8.2.6.2) are there. */
function isAnswerable(request: SipRequest): boolean {
  const repeated = ['From', 'To', 'Call-ID', 'CSeq'];
  return topVia(request) !== undefined && repeated.every((name) => header(request, name));
}

/** True if each field that identifies a transaction and a dialog occurs once and is readable. */
function hasEssentials(message: SipRequest | SipResponse): boolean {
  const counts = new Map<string, number>();
  for (const { name } of message.headers) {
    const key = name.toLowerCase();
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return (
    ['from', 'to', 'call-id', 'cseq'].every((name) => counts.get(name) === 1) &&
    topVia(message) !== undefined &&
    parseNameAddr(header(message, 'From') ?? '') !== undefined &&
    parseNameAddr(header(message, 'To') ?? '') !== undefined &&
    /^\S+$/.test(header(message, 'Call-ID') ?? '') &&
    parseCommandSequence(header(message, 'CSeq')) !== undefined
  );
}
