/** `"Agent" <sip:agent@domain.com>;tag=1`: a name-addr of RFC 3261 section 25.1. */
const nameAddress = /^(?:"((?:[^"\\]|\\.)*)"\s*|([^"<>]*))<([^<>]*)>[^<>]*$/;

/**
 * Returns the address of record in a client's text, and the display name before it. Some clients
 * write `user@host` without a scheme, some leave a parameter of the request behind it
 * (`;user=phone`), which no address of record has (RFC 3261 section 10.3, step 5). A `tel:` URI
 * stays unchanged: its parameters are part of the number.
 */
export function addressOfRecord(written: string): string {
  const text = uriIn(written.trim());
  if (/^sips?:/i.test(text)) return text.replace(/(@[^;?]*)[;?].*$/s, '$1');
  const bare = /^([^\s:@;<>"]+@[^\s@;?<>"]+)(?:[;?].*)?$/s.exec(text)?.[1];
  return bare === undefined ? text : `sip:${bare}`;
}

/** Returns the name before an address; undefined if there is none. */
export function displayNameIn(written: string): string | undefined {
  if (isUri(written)) return undefined;
  const match = nameAddress.exec(written.trim());
  return match?.[1]?.replace(/\\(.)/g, '$1').trim() || match?.[2]?.trim() || undefined;
}

function uriIn(text: string): string {
  return isUri(text) ? text : (nameAddress.exec(text)?.[3]?.trim() ?? text);
}

function isUri(text: string): boolean {
  return /^\s*(?:sips?|tel):/i.test(text);
}
