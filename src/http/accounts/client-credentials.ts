/** A client as it names itself; `malformed` for a header that names none. */
export type ClientCredentials =
  | { readonly id: string; readonly secret: string }
  | 'none'
  | 'malformed';

/**
 * `client_secret_basic` (RFC 6749 section 2.3.1): id and secret are encoded as a form encodes them,
 * then joined and in Base64. What cannot be decoded so was not encoded, and stands for itself.
 */
export function basicCredentials(authorization: string | undefined): ClientCredentials {
  // A token that a page adds to all its requests proves no client.
  if (authorization === undefined || !/^basic(?: |$)/i.test(authorization)) return 'none';
  const encoded = /^basic +([\w+/-]+={0,2}) *$/i.exec(authorization)?.[1];
  const pair = encoded === undefined ? '' : Buffer.from(encoded, 'base64').toString('utf8');
  const colon = pair.indexOf(':');
  if (colon < 1) return 'malformed';
  return { id: formDecoded(pair.slice(0, colon)), secret: formDecoded(pair.slice(colon + 1)) };
}

/** RFC 6749 appendix B. */
function formDecoded(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return text;
  }
}
