/**
 * Agents and supervisors are SIP URIs or phone numbers: `sip:agent@domain.com`, `tel:+31880000000`.
 */
const sipUri = /^sips?:[^\s@:;?]+(?::[^\s@]*)?@[^\s@]+$|^sips?:[^\s@]+$/i;
/** RFC 3966 section 3, its parameters (`;phone-context=example.com`) not looked into. */
const telUri = /^tel:[+0-9*#(][0-9a-f*#().-]*(?:;[^\s;]+)*$/i;
/** In no URI (RFC 3986 section 2), and not every database holds them. */
const control = /\p{Cc}/u;

export const MAX_URI_LENGTH = 512;

/** The trimmed URI, or undefined for what is neither a `sip:`/`sips:` nor a `tel:` URI. */
export function parseRequesterUri(value: unknown): string | undefined {
  if (typeof value !== 'string') return undefined;
  const uri = value.trim();
  if (uri.length > MAX_URI_LENGTH || control.test(uri)) return undefined;
  return sipUri.test(uri) || telUri.test(uri) ? uri : undefined;
}

/** URIs compare without regard to case, trimmed. */
export function uriKey(uri: string): string {
  return uri.trim().toLowerCase();
}

/** User part of a SIP URI, lower case; for a `tel:` URI its number; else undefined. */
export function uriUser(uri: string): string | undefined {
  const match = /^(?:sips?:([^@:;?]+)(?::[^@]*)?@|tel:([^;]+))/i.exec(uri.trim());
  const user = match?.[1] ?? match?.[2];
  return user?.toLowerCase();
}
