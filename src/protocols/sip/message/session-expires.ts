import { header, headerValues, type WithHeaders } from './headers.ts';
import type { SipHeader, SipReply } from './types.ts';

/** The agreement of the two sides (RFC 4028): who refreshes the session, and how often. */
export interface SessionInterval {
  readonly seconds: number;
  readonly refresher: 'us' | 'them';
}

export interface SessionTimerRules {
  /** Requested when the client requests none; also the longest accepted. */
  readonly sessionExpiresSeconds: number;
  readonly minSeconds: number;
}

export type SessionTimerAnswer =
  | { readonly ok: true; readonly interval: SessionInterval; readonly headers: SipHeader[] }
  | { readonly ok: false; readonly reply: SipReply };

/**
 * Answers on the server's side (RFC 4028 section 9). We refresh a client that does not support
 * session timers: a client that is gone then shows by not answering.
 */
export function answerSessionTimer(
  request: WithHeaders,
  rules: SessionTimerRules,
): SessionTimerAnswer {
  const supports = ['Supported', 'Require'].flatMap((name) => listed(request, name));
  const knowsTimers = supports.includes('timer');
  const asked = parseSessionExpires(header(request, 'Session-Expires'));
  const theirMin = Number.parseInt(header(request, 'Min-SE') ?? '0', 10) || 0;
  if (asked && knowsTimers && asked.seconds < rules.minSeconds) {
    const headers = [{ name: 'Min-SE', value: String(rules.minSeconds) }];
    return { ok: false, reply: { statusCode: 422, reason: 'Session Interval Too Small', headers } };
  }
  const wanted = Math.min(asked?.seconds ?? Infinity, rules.sessionExpiresSeconds);
  const seconds = Math.max(wanted, rules.minSeconds, theirMin);
  const theirs = knowsTimers && asked?.refresher !== 'uas';
  const interval: SessionInterval = { seconds, refresher: theirs ? 'them' : 'us' };
  const value = `${seconds};refresher=${theirs ? 'uac' : 'uas'}`;
  const require = theirs ? [{ name: 'Require', value: 'timer' }] : [];
  return { ok: true, interval, headers: [{ name: 'Session-Expires', value }, ...require] };
}

/** Returns the headers of a refresh that we send as the client. */
export function offerSessionTimer({ seconds, refresher }: SessionInterval): SipHeader[] {
  const value = `${seconds};refresher=${refresher === 'us' ? 'uac' : 'uas'}`;
  return [{ name: 'Session-Expires', value }];
}

/** Returns the agreement in the answer to our refresh; without the header, our offer stands. */
export function agreedSessionTimer(
  response: WithHeaders,
  offered: SessionInterval,
): SessionInterval {
  const answer = parseSessionExpires(header(response, 'Session-Expires'));
  if (!answer) return { ...offered, refresher: 'us' };
  return { seconds: answer.seconds, refresher: answer.refresher === 'uas' ? 'them' : 'us' };
}

function parseSessionExpires(value: string | undefined) {
  const [seconds, ...parameters] = (value ?? '').split(';').map((part) => part.trim());
  if (seconds === undefined || !/^\d{1,9}$/.test(seconds)) return undefined;
  const refresher = parameters
    .map((parameter) => /^refresher\s*=\s*(uac|uas)$/i.exec(parameter)?.[1]?.toLowerCase())
    .find((value) => value !== undefined);
  return { seconds: Number(seconds), refresher };
}

function listed(request: WithHeaders, name: string): string[] {
  return headerValues(request, name).map((tag) => tag.toLowerCase());
}
