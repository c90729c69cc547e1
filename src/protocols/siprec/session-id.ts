const hyphenated = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const bare = /^[0-9a-f]{32}$/;
/** 16 bytes in base64 or base64url: 22 characters, padded or not. */
const base64 = /^[A-Za-z0-9+/_-]{22}(?:==)?$/;

/**
 * A unique id of RFC 7865 section 6.10 (base64 of a 128-bit UUID) or a GUID in text, with or
 * without hyphens, braces or `urn:uuid:`, in any case. Lower case with hyphens; undefined for
 * anything else.
 */
export function guidFromSessionId(text: string): string | undefined {
  const id = text.trim();
  if (base64.test(id)) return hyphenate(Buffer.from(id, 'base64').toString('hex'));
  const guid = id
    .toLowerCase()
    .replace(/^urn:uuid:/, '')
    .replace(/^\{(.*)\}$/, '$1');
  if (hyphenated.test(guid)) return guid;
  return bare.test(guid) ? hyphenate(guid) : undefined;
}

/** The other way: a GUID as RFC 7865 writes it, or undefined for what is none. */
export function sessionIdFromGuid(guid: string): string | undefined {
  const read = guidFromSessionId(guid);
  return read && Buffer.from(read.replaceAll('-', ''), 'hex').toString('base64');
}

function hyphenate(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
