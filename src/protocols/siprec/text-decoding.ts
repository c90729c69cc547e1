export interface DecodedText {
  readonly text: string;
  /** The character set is unknown, or the content is not in it. */
  readonly isDoubtful: boolean;
}

/** Length in which an XML declaration, which comes first, is searched for. */
const DECLARATION_BYTES = 256;
/** Decodes every byte to a character: no name is lost, though its accents may be. */
const LAST_RESORT = 'windows-1252';

/**
 * Decodes an XML entity: by its byte order mark, else by the layout of its first character, else by
 * the `charset` of its media type, else as it declares itself (RFC 7303 section 3, XML 1.0 appendix
 * F). Surrounding blanks and NULs are cut off: some clients send a line break first, one a C
 * string.
 */
export function decodeXmlText(content: Buffer, charset: string | undefined): DecodedText {
  const named = labelOf(content, charset);
  for (const label of [named, 'utf-8']) {
    const text = decodeStrictly(content, label);
    if (text !== undefined) return { text: trimmed(text), isDoubtful: label !== named };
  }
  const text = new TextDecoder(LAST_RESORT).decode(content);
  return { text: trimmed(text), isDoubtful: true };
}

function labelOf(content: Buffer, charset: string | undefined): string {
  const wide = wideLabel(content);
  if (wide !== undefined) return wide;
  const head = content.subarray(0, DECLARATION_BYTES).toString('latin1');
  const declared = /<\?xml[^>]*?\sencoding\s*=\s*["']?([\w.:-]+)/i.exec(head)?.[1];
  const label = (charset || declared || 'utf-8').toLowerCase();
  // A declaration readable byte by byte is in no set of 16-bit units, whatever it says.
  return /^(?:utf-?16|ucs-?2|iso-10646|us-ascii|ascii$)/.test(label) ? 'utf-8' : label;
}

/** Detects sets of 16-bit units by their mark, or by the zeros in every other byte of ASCII. */
function wideLabel(content: Buffer): string | undefined {
  const [first, second] = content;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  if (content.length < 4 || first === undefined || second === undefined) return undefined;
  if (first === 0 && second !== 0 && content[2] === 0) return 'utf-16be';
  return first !== 0 && second === 0 && content[3] === 0 ? 'utf-16le' : undefined;
}

function decodeStrictly(content: Buffer, label: string): string | undefined {
  try {
    return new TextDecoder(label, { fatal: true }).decode(content, { stream: true });
  } catch {
    return undefined;
  }
}

function trimmed(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isPadding(text.charCodeAt(start))) start += 1;
  while (end > start && isPadding(text.charCodeAt(end - 1))) end -= 1;
  return text.slice(start, end);
}

function isPadding(code: number): boolean {
  return code <= 0x20 || code === 0xfeff;
}
