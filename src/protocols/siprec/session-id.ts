const hyphenated = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const bare = /^[0-9a-f]{32}$/;
/** 16 bytes in base64 or base64url: 22 characters, padded or not. */
const base64 = /^(?:[A-Za-z0-9+/]{22}|[A-Za-z0-9_-]{22})(==)?$/;
/** RFC 9562 section 4: its variant, and a version that is defined. */
const uuid = /^.{14}[1-8].{4}[89ab]/;

/**
 * Reads a unique id of RFC 7865 section 6.10 (base64 of a 128-bit UUID) or a GUID in text, with or
 * without hyphens, braces or `urn:uuid:`, in any case. Returns lower case with hyphens; undefined
 * for anything else.
 *
 * 22 characters hold four bits more than 16 bytes do: ids that differ in those only are two ids, so
 * neither is read as base64. Without padding any text of 22 characters might be base64: it must be
 * a UUID as well then.
 */
export function guidFromSessionId(text: string): string | undefined {
  const id = text.trim();
  const match = base64.exec(id);
  if (match) return guidFromBase64(id, match[1] !== undefined);
  const guid = id
    .toLowerCase()
    .replace(/^urn:uuid:/, '')
    .replace(/^\{(.*)\}$/, '$1');
  if (hyphenated.test(guid)) return guid;
  return bare.test(guid) ? hyphenate(guid) : undefined;
}

/** True for a UUID of RFC 9562: its form shows that it was made to be unique. */
export function isUuid(guid: string): boolean {
  return hyphenated.test(guid) && uuid.test(guid);
}

/** Converts back: returns a GUID as RFC 7865 writes it, or undefined for anything else. */
export function sessionIdFromGuid(guid: string): string | undefined {
  const read = guidFromSessionId(guid);
  return read && Buffer.from(read.replaceAll('-', ''), 'hex').toString('base64');
}

function guidFromBase64(id: string, isPadded: boolean): string | undefined {
  const bytes = Buffer.from(id, 'base64');
  const written = bytes.toString('base64').replaceAll('+', '-').replaceAll('/', '_');
  const isWhole =
    written.slice(0, 22) === id.replaceAll('+', '-').replaceAll('/', '_').slice(0, 22);
  const guid = hyphenate(bytes.toString('hex'));
  return isWhole && (isPadded || isUuid(guid)) ? guid : undefined;
}

function hyphenate(hex: string): string {
  return hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
