import { escapedUser, type PartyAddress, partyAddress, withoutName } from './party-address.ts';

/**
 * Agents and supervisors are SIP URIs or phone numbers: `sip:agent@domain.com`, `tel:+31880000000`.
 */
const sipUri = /^sips?:[^\s@:]+(?::[^\s@]*)?@[^\s@]+$|^sips?:[^\s@]+$/i;
/**
 * RFC 3966 section 3, without checking its parameters (`;phone-context=example.com`). Visual
 * separators may stand anywhere, needless escapes are allowed, and so are the blanks that people
 * write.
 */
const telUri =
  /^tel:(?![a-f ])(?:[+0-9a-f*#(). -]|%20|%2b|%2d|%2e|%28|%29|%3[0-9])+(?:;[^\s;]+)*$/i;
const telDigit = /^tel:[^;]*[0-9*#]/i;
/** RFC 3966 section 4 */
const tellingParameter = /^(?:ext|isub|phone-context)=/i;
/** Not allowed in URIs (RFC 3986 section 2), and not storable in every database. */
const control = /\p{Cc}/u;

export const MAX_URI_LENGTH = 512;

/** Keys of recent requesters: the same few people command all day. */
const knownKeys = new Map<string, string>();
const MAX_KNOWN_KEYS = 10_000;

/** Returns the trimmed URI; undefined for anything other than a `sip:`/`sips:` or `tel:` URI. */
export function parseRequesterUri(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const uri = value.trim();
  if (uri.length > MAX_URI_LENGTH || control.test(uri)) return undefined;
  const isTel = telUri.test(uri) && telDigit.test(uri);
  return isTel || sipUri.test(uri) ? uri : undefined;
}

/**
 * Returns the same text for the same party and for nobody else, so that comparison is an
 * equivalence; a key is its own key.
 *
 * An international number is one party under `tel:` and at any host, with or without its visual
 * separators, `00` for `+` included; its extension is another one. For other users the host counts,
 * and a port other than SIP's own; scheme, display name, password, parameters and headers do not
 * (RFC 3261 section 10.3, step 5). Escapes are decoded, case never counts. A national number is
 * never taken for an international one.
 */
export function uriKey(uri: string): string {
  const known = knownKeys.get(uri);
  if (known !== undefined) return known;
  const key = keyOf(partyAddress(uri));
  if (uri.length > MAX_URI_LENGTH) return key;
  if (knownKeys.size >= MAX_KNOWN_KEYS) knownKeys.clear();
  knownKeys.set(uri, key);
  return key;
}

function keyOf(address: PartyAddress): string {
  switch (address.kind) {
    case 'number':
    case 'local':
      return `tel:${address.number}${address.parameters}`;
    case 'user': {
      const { user, host, port } = address;
      const location = port === undefined ? host : `${host}:${port}`;
      return user === undefined ? `sip:${location}` : `sip:${user}@${location}`;
    }
    default:
      return address.text;
  }
}

/**
 * Returns the party of a URI from `parseRequesterUri`, in its own spelling: without password,
 * parameters and headers, which may hold anything. A phone number keeps the parameters that
 * distinguish parties.
 */
export function addrSpec(uri: string): string {
  const [head = '', ...parameters] = uri.split(';');
  if (/^tel:/i.test(uri)) {
    const telling = parameters.filter((one) => tellingParameter.test(one));
    return [head, ...telling].join(';');
  }
  const match = /^(sips?:)(?:([^@:]*)(?::[^@]*)?@)?([^@;?]*)/i.exec(uri);
  if (!match) return head;
  const [, scheme = '', user, location = ''] = match;
  return user === undefined ? `${scheme}${location}` : `${scheme}${user}@${location}`;
}

/**
 * Returns the user part of a SIP URI, lower case, with escapes decoded; for a `tel:` URI its number
 * unchanged; else undefined.
 */
export function uriUser(uri: string): string | undefined {
  const match = /^(?:sips?:([^@:;?]+)(?::[^@]*)?@|tel:([^;]+))/i.exec(withoutName(uri.trim()));
  const user = match?.[1];
  return user === undefined ? match?.[2]?.toLowerCase() : escapedUser(user);
}
