/**
 * The party that an address names, whatever its spelling. `number`: an international number, one
 * party wherever it is written (RFC 3966 section 5.1.4); `local`: a number valid within its context
 * only; `user`: a user of a host; `text`: any other text, equal to itself only.
 */
export type PartyAddress =
  | { readonly kind: 'number' | 'local'; readonly number: string; readonly parameters: string }
  | {
      readonly kind: 'user';
      /** Spelled by `escapedUser`; undefined: the host itself. */
      readonly user: string | undefined;
      readonly host: string;
      /** Undefined for SIP's default ports. */
      readonly port: number | undefined;
    }
  | { readonly kind: 'text'; readonly text: string };

/** ITU-T E.164: at most 15 digits; fewer than 7 are a private short code. */
const globalDigits = /^\+[1-9][0-9]{6,14}$/;
/** The prefix that ITU-T E.123 recommends for numbers written without `+`. */
const dialledDigits = /^00[1-9][0-9]{6,14}$/;
/** RFC 3966 section 5.1.1, and the blanks that people add. */
const visualSeparators = /[-.()\s]/g;
const localNumber = /^[0-9a-f*#]+$/;
const dialledNumber = /^[0-9*#]+$/;
/** Parameters that make a number another party's (RFC 3966 section 4). */
const tellingParameters = ['ext', 'isub', 'phone-context'];
const defaultPorts = [5060, 5061];
const MAX_ADDRESS_LENGTH = 1_024;

/** Reads a URI, a name-addr, `user@host` or a phone number, in any spelling. Never throws. */
export function partyAddress(written: string): PartyAddress {
  const asText = { kind: 'text', text: lowerCase(written.trim()) } as const;
  if (asText.text.length > MAX_ADDRESS_LENGTH) return asText;
  const text = withoutName(written.trim());
  const scheme = /^(sips?|tel):/i.exec(text);
  const rest = text.slice(scheme?.[0].length ?? 0);
  const isTel = scheme?.[1]?.toLowerCase() === 'tel';
  const isNumber = isTel || (!scheme && !rest.includes('@'));
  const address = isNumber ? telephone(rest, isTel) : userAt(rest);
  return address ?? asText;
}

/** Returns the URI between angle brackets, if a name stands before it (RFC 3261 section 25.1). */
export function withoutName(text: string): string {
  if (/^(?:sips?|tel):/i.test(text)) return text;
  const match = /^(?:"(?:[^"\\]|\\.)*"|[^"<>]*)\s*<([^<>]*)>[^<>]*$/.exec(text);
  return match?.[1]?.trim() ?? text;
}

/**
 * Decodes percent escapes (RFC 3261 section 19.1.4), and escapes characters that would then look
 * like another part of a URI: different users never become one. The function is idempotent.
 */
export function escapedUser(raw: string): string {
  return raw.toWellFormed().replace(/(?:%[0-9a-f]{2})+|[^%]+|%/gis, (run) => {
    const text = readEscapes(run);
    if (text === undefined) return run.toUpperCase();
    return [...lowerCase(text)].map(asWritten).join('');
  });
}

function asWritten(character: string): string {
  return /[a-z0-9\-_.!~*'()&=+$,/]/.test(character) ? character : encodeURIComponent(character);
}

/** Returns undefined for bytes that are not UTF-8: they stay unchanged. */
function readEscapes(run: string): string | undefined {
  if (!run.startsWith('%') || run.length === 1) return run;
  try {
    return decodeURIComponent(run);
  } catch {
    return undefined;
  }
}

/** Lowers letters of every script, but turns no other letter into ASCII (U+212A is no `k`). */
export function lowerCase(text: string): string {
  return text.replace(/[A-Z]|[^ -~]/gu, (one) => {
    const lower = one.toLowerCase();
    return one > '\x7f' && lower <= '\x7f' ? one : lower;
  });
}

/** Reads `+31-88...;ext=1`: the digits and distinguishing parameters; undefined for other text. */
function telephone(rest: string, isTel: boolean): PartyAddress | undefined {
  const [head = '', ...parameters] = lowerCase(rest).split(';');
  const number = escapedUser(head).replaceAll('%20', '').replace(visualSeparators, '');
  const telling = tellingOf(parameters);
  const inContext = telling.some((one) => one.startsWith('phone-context='));
  const isInternational = isTel ? /^\+[0-9]+$/.test(number) : globalDigits.test(number);
  if (isInternational || (!inContext && dialledDigits.test(number))) {
    const own = telling.filter((one) => !one.startsWith('phone-context='));
    const digits = number.replace(/^00/, '+');
    return { kind: 'number', number: digits, parameters: joined(own) };
  }
  if (!(isTel ? localNumber : dialledNumber).test(number)) return undefined;
  return { kind: 'local', number, parameters: joined(telling) };
}

function tellingOf(parameters: readonly string[]): string[] {
  return parameters.flatMap((parameter) => {
    const [name = '', value = ''] = parameter.split('=').map((part) => part.trim());
    if (!tellingParameters.includes(name)) return [];
    const isNumber = /^\+?[0-9().-]+$/.test(value);
    return [`${name}=${isNumber ? value.replace(visualSeparators, '') : hostName(value)}`];
  });
}

function joined(parameters: readonly string[]): string {
  return [...new Set(parameters)]
    .sort()
    .map((one) => `;${one}`)
    .join('');
}

/** Reads `user:password@host:port;parameters?headers`, of which user, host and port count. */
function userAt(rest: string): PartyAddress | undefined {
  const parts = rest.split('@');
  if (parts.length > 2) return undefined;
  const [info, location] = parts.length === 2 ? parts : [undefined, rest];
  const match = /^(\[[^\]\s]+\]|[^\s:;?[\]]+)(?::([0-9]{1,5}))?(?:([;?].*))?$/s.exec(
    (location ?? '').trim(),
  );
  if (!match) return undefined;
  const host = hostName(match[1] ?? '');
  const raw = info?.split(':')[0];
  const given = match[2] === undefined ? undefined : Number(match[2]);
  const port = given !== undefined && defaultPorts.includes(given) ? undefined : given;
  if (raw === undefined) return { kind: 'user', user: undefined, host, port };
  const isPhone = /;\s*user\s*=\s*phone\s*(?:[;?]|$)/i.test(match[3] ?? '');
  return subscriber(raw, isPhone) ?? { kind: 'user', user: userOf(raw, isPhone), host, port };
}

/** RFC 3261 section 19.1.6: reads a user part that is a number, or one within a context. */
function subscriber(raw: string, isPhone: boolean): PartyAddress | undefined {
  const number = telephone(raw, false);
  if (number?.kind === 'number') return number;
  const isInContext = number?.kind === 'local' && number.parameters.includes(';phone-context=');
  return isPhone && isInContext ? number : undefined;
}

function userOf(raw: string, isPhone: boolean): string {
  const user = escapedUser(raw);
  const number = user.replace(visualSeparators, '');
  return isPhone && dialledNumber.test(number) ? number : user;
}

/** Returns the name in lower case, without the root's dot; IPv6 as RFC 5952 writes it. */
function hostName(host: string): string {
  const name = lowerCase(host).replace(/(?<=[^.])\.+$/, '');
  if (!name.startsWith('[')) return name;
  return URL.parse(`http://${name}/`)?.hostname ?? name;
}
