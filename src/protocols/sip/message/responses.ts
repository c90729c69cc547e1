import { header, parseNameAddr } from './headers.ts';
import { bodyHeaders } from './serializer.ts';
import type { SipHeader, SipReply, SipRequest, SipResponse } from './types.ts';

const REASONS: ReadonlyMap<number, string> = new Map([
  [100, 'Trying'],
  [180, 'Ringing'],
  [200, 'OK'],
  [400, 'Bad Request'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'Not Found'],
  [405, 'Method Not Allowed'],
  [406, 'Not Acceptable'],
  [413, 'Request Entity Too Large'],
  [415, 'Unsupported Media Type'],
  [416, 'Unsupported URI Scheme'],
  [420, 'Bad Extension'],
  [422, 'Session Interval Too Small'],
  [469, 'Bad Info Package'],
  [480, 'Temporarily Unavailable'],
  [481, 'Call/Transaction Does Not Exist'],
  [482, 'Loop Detected'],
  [486, 'Busy Here'],
  [487, 'Request Terminated'],
  [488, 'Not Acceptable Here'],
  [491, 'Request Pending'],
  [500, 'Server Internal Error'],
  [503, 'Service Unavailable'],
  [505, 'Version Not Supported'],
  [513, 'Message Too Large'],
]);

/**
 * Builds an answer (RFC 3261 section 8.2.6): Via, From, To, Call-ID and CSeq are the request's, To
 * gets `toTag` unless it has a tag or the answer is 100.
 */
export function createResponse(request: SipRequest, reply: SipReply, toTag: string): SipResponse {
  const valid = Number.isInteger(reply.statusCode) && reply.statusCode >= 100;
  const statusCode = valid && reply.statusCode < 700 ? reply.statusCode : 500;
  const repeated = request.headers.flatMap((entry) => repeatedHeader(entry, statusCode, toTag));
  const headers = [...repeated, ...(reply.headers ?? []), ...bodyHeaders(reply.body)];
  const reason = reply.reason ?? REASONS.get(statusCode) ?? 'Unknown';
  return { statusCode, reason, headers, body: reply.body?.content ?? Buffer.alloc(0) };
}

function repeatedHeader(entry: SipHeader, statusCode: number, toTag: string): SipHeader[] {
  const name = entry.name.toLowerCase();
  if (name === 'to') return [{ name: 'To', value: tagged(entry.value, statusCode, toTag) }];
  // RFC 3261 section 8.2.6.1: the sender of Timestamp measures with it.
  const wanted = ['via', 'from', 'call-id', 'cseq', ...(statusCode === 100 ? ['timestamp'] : [])];
  return wanted.includes(name) ? [entry] : [];
}

function tagged(to: string, statusCode: number, toTag: string): string {
  const hasTag = parseNameAddr(to)?.params.has('tag') ?? /;\s*tag\s*=/i.test(to);
  return statusCode === 100 || hasTag ? to : `${to};tag=${toTag}`;
}

/** Returns the headers of `extra` missing in `headers`: the owner's own ones take precedence. */
export function withDefaults(
  headers: readonly SipHeader[],
  extra: readonly SipHeader[],
): readonly SipHeader[] {
  return [...headers, ...extra.filter((entry) => header({ headers }, entry.name) === undefined)];
}
