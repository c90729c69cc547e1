import { isListHeader } from './header-names.ts';
import type { SipHeader } from './types.ts';

export interface WithHeaders {
  readonly headers: readonly SipHeader[];
}

/** RFC 3261 section 20.10; parameter names are in lower case, values unquoted. */
export interface NameAddr {
  readonly displayName: string;
  readonly uri: string;
  readonly params: ReadonlyMap<string, string>;
}

/** RFC 3261 section 19.1; `host` is in lower case and without the brackets of IPv6. */
export interface SipUri {
  readonly scheme: 'sip' | 'sips';
  /** Percent escapes decoded, without a password; undefined when there is no user part. */
  readonly user: string | undefined;
  readonly host: string;
  readonly port: number | undefined;
  readonly params: ReadonlyMap<string, string>;
}

export interface CommandSequence {
  readonly sequence: number;
  readonly method: string;
}

const MAX_SEQUENCE = 2 ** 31 - 1;
const MAX_PORT = 65_535;

/** Returns the first header of that name, whatever its case; undefined when there is none. */
export function header(message: WithHeaders, name: string): string | undefined {
  const wanted = name.toLowerCase();
  return message.headers.find((entry) => entry.name.toLowerCase() === wanted)?.value;
}

/** Returns all values of that name in order; splits comma-separated ones of a list header. */
export function headerValues(message: WithHeaders, name: string): readonly string[] {
  const wanted = name.toLowerCase();
  const values = message.headers
    .filter((entry) => entry.name.toLowerCase() === wanted)
    .map((entry) => entry.value);
  return isListHeader(name) ? values.flatMap((value) => splitOutside(value, ',')) : values;
}

/** Splits at `separator` outside quoted strings and angle brackets. */
export function splitOutside(value: string, separator: ',' | ';'): string[] {
  const parts: string[] = [];
  let start = 0;
  let quoted = false;
  let bracketed = false;
  for (let index = 0; index < value.length; index += 1) {
    const char = value[index];
    if (quoted && char === '\\') index += 1;
    else if (char === '"' && !bracketed) quoted = !quoted;
    else if (quoted) continue;
    else if (char === '<') bracketed = true;
    else if (char === '>') bracketed = false;
    else if (char === separator && !bracketed) {
      parts.push(value.slice(start, index));
      start = index + 1;
    }
  }
  parts.push(value.slice(start));
  return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Reads `;name=value;flag`. The first of two equal names counts. */
export function parseParams(text: string): ReadonlyMap<string, string> {
  const params = new Map<string, string>();
  for (const part of splitOutside(text, ';')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== '' && !params.has(name)) {
      params.set(name, equals < 0 ? '' : unquote(part.slice(equals + 1).trim()));
    }
  }
  return params;
}

/** Reads From, To, Contact, Route and similar headers; returns undefined for anything else. */
export function parseNameAddr(value: string): NameAddr | undefined {
  const text = value.trim();
  const open = openingBracket(text);
  if (open === undefined) return undefined;
  if (open < 0) return addressOnly(text);
  const close = text.indexOf('>', open);
  if (close < 0) return undefined;
  const uri = text.slice(open + 1, close).trim();
  const rest = text.slice(close + 1).trim();
  if (!isUri(uri) || (rest !== '' && !rest.startsWith(';'))) return undefined;
  return { displayName: unquote(text.slice(0, open).trim()), uri, params: parseParams(rest) };
}

/** Parses an address without brackets: parameters belong to the header (RFC 3261 section 20). */
function addressOnly(text: string): NameAddr | undefined {
  const semicolon = text.indexOf(';');
  const uri = (semicolon < 0 ? text : text.slice(0, semicolon)).trim();
  if (!isUri(uri)) return undefined;
  const params = parseParams(semicolon < 0 ? '' : text.slice(semicolon));
  return { displayName: '', uri, params };
}

/** Returns the position of `<` after the display name: -1 for none, undefined for an open quote. */
function openingBracket(text: string): number | undefined {
  if (!text.startsWith('"')) return text.indexOf('<');
  for (let index = 1; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1;
    else if (text[index] === '"') {
      const open = text.indexOf('<', index);
      return open < 0 ? undefined : open;
    }
  }
  return undefined;
}

function isUri(text: string): boolean {
  return /^[a-z][a-z0-9+.-]*:[^\s<>"]+$/i.test(text);
}

function unquote(text: string): string {
  if (text.length < 2 || !text.startsWith('"') || !text.endsWith('"')) return text;
  return text.slice(1, -1).replace(/\\(.)/gs, '$1');
}

const SIP_URI =
  /^(sips?):(?:([^@]*)@)?(\[[0-9a-f:.]+\]|[^:;?[\]@\s]+)(?::(\d{1,5}))?(;[^?]*)?(?:\?.*)?$/i;

/** Reads a `sip:` or `sips:` URI; returns undefined for other schemes and malformed URIs. */
export function parseSipUri(uri: string): SipUri | undefined {
  const match = SIP_URI.exec(uri.trim());
  const [, scheme, userInfo, host, portText, params] = match ?? [];
  if (scheme === undefined || host === undefined) return undefined;
  const port = portText === undefined ? undefined : Number(portText);
  if (port !== undefined && port > MAX_PORT) return undefined;
  return {
    scheme: scheme.toLowerCase() === 'sips' ? 'sips' : 'sip',
    user: userInfo === undefined ? undefined : decodeUser(userInfo),
    host: host.toLowerCase().replace(/^\[|\]$/g, ''),
    port,
    params: parseParams(params ?? ''),
  };
}

function decodeUser(userInfo: string): string {
  const user = userInfo.split(':', 1)[0] ?? '';
  try {
    return decodeURIComponent(user);
  } catch {
    return user;
  }
}

/** RFC 3261 section 20.16: a number below 2^31 and a method. */
export function parseCommandSequence(value: string | undefined): CommandSequence | undefined {
  const match = /^(\d{1,10})[ \t]+(\S+)$/.exec(value ?? '');
  const [, digits, method] = match ?? [];
  const sequence = Number(digits);
  if (method === undefined || sequence > MAX_SEQUENCE) return undefined;
  return { sequence, method };
}

/** Returns the sequence number of a message that the parser accepted. */
export function sequenceOf(message: WithHeaders): number {
  return parseCommandSequence(header(message, 'CSeq'))?.sequence ?? 0;
}

/** Returns the tag of From or To; RFC 3261 section 12.1.1 treats a missing one as empty. */
export function tagOf(message: WithHeaders, name: 'From' | 'To'): string {
  return parseNameAddr(header(message, name) ?? '')?.params.get('tag') ?? '';
}
