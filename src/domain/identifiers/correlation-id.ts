import { createHash } from 'node:crypto';

const hyphenated = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const bare = /^[0-9a-f]{32}$/;
const structured =
  /^\{0x[0-9a-f]{8},0x[0-9a-f]{4},0x[0-9a-f]{4},\{(?:0x[0-9a-f]{2},){7}0x[0-9a-f]{2}\}\}$/;

/**
 * Reads every GUID spelling that CRM plug-ins produce (.NET's `N`, `D`, `B`, `P` and `X` formats:
 * bare, hyphenated, in braces, in parentheses, as numbers; bare in braces; any case, blanks around
 * it) and returns it in lower case with hyphens.
 */
export function parseGuid(text: string): string | undefined {
  let guid = text.trim().toLowerCase();
  const wrapped =
    (guid.startsWith('{') && guid.endsWith('}')) || (guid.startsWith('(') && guid.endsWith(')'));
  if (structured.test(guid)) return hyphenate(guid.replace(/0x|[{},]/g, ''));
  if (wrapped) guid = guid.slice(1, -1);
  if (hyphenated.test(guid)) return guid;
  return bare.test(guid) ? hyphenate(guid) : undefined;
}

/** Namespace of the ids below, itself made with version 5 from the DNS name `hush.invalid`. */
const namespace = Buffer.from('95dd1ad7fa165c318d88fe0d300d42b9', 'hex');

/** Implements RFC 9562 section 5.5 (version 5): one communication session always gets one GUID. */
export function guidFromText(text: string): string {
  const hash = createHash('sha1').update(namespace).update(text).digest().subarray(0, 16);
  hash[6] = ((hash[6] as number) & 0x0f) | 0x50;
  hash[8] = ((hash[8] as number) & 0x3f) | 0x80;
  return hyphenate(hash.toString('hex'));
}

function hyphenate(hex: string): string {
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20, 32),
  ].join('-');
}
