import { MetadataError, type MetadataErrorReason } from './types.ts';
import { MAX_METADATA_DEPTH, type XmlDocument, type XmlTag, XmlTreeBuilder } from './xml-tree.ts';

const rootNames = ['recording', 'recording_metadata'];
/** Elements allowed only below the root: an opening one closes all elements left open. */
const topLevelNames = [
  'session',
  'participant',
  'stream',
  'group',
  'datamode',
  'sessiongroupassoc',
  'sessionrecordingassoc',
  'participantsessionassoc',
  'participantstreamassoc',
];
/** A quote that is not closed within this length was not meant as one. */
const MAX_VALUE_CHARACTERS = 4_096;
const token = '[\\p{L}_][\\p{L}\\p{N}_.-]*';
const startTag = new RegExp(`<(?:(${token}):)?(${token})`, 'uy');
const endTag = new RegExp(`</\\s*(?:${token}:)?(${token})[^<>]*>?`, 'uy');
const attributeName = new RegExp(`[\\s"']*(?:(${token}):)?(${token})\\s*(=?)\\s*`, 'uy');
/** Text between the quotes of two attributes, or of two tags, is no value. */
const leftOpen = />\s*<|\s[\w:.-]{1,64}\s*=\s*$/;
const bareValue = /[^\s<>]*?(?=\/?>|[\s<]|$)/y;
const tagEnd = /[^<>]*?(\/?)>/y;

/**
 * Reads the readable parts of a document that is not well-formed, or of an unexpected namespace.
 * Elements count by their local names and by the prefix that participants, sessions and streams
 * have in it; elements left open are closed, quotes may be missing. Nothing is looked up or
 * expanded: an unknown entity stays literal. A tag or value that the end of the text cut off is
 * left out. Takes time in proportion to the text. Never throws.
 */
export function readXmlLeniently(text: string): XmlDocument & { limit?: MetadataErrorReason } {
  const reader = new LenientReader(text);
  try {
    reader.read();
  } catch (cause) {
    if (!(cause instanceof MetadataError)) throw cause;
    return { ...reader.document, limit: cause.reason };
  }
  return reader.document;
}

class LenientReader {
  readonly #text: string;
  readonly #builder = new XmlTreeBuilder();
  readonly #home: string;
  /** Ends of sections known to be absent from the rest of the text: they are searched for once. */
  readonly #absent = new Set<string>();
  #at = 0;

  constructor(text: string) {
    this.#text = text;
    const first = /<(?:([^\s<>:/"'=]{1,64}):)?(?:participant|session|stream|datamode)\b/i.exec(
      text,
    );
    this.#home = first?.[1] ?? '';
    this.#builder.open({ name: 'recording', isKnown: true, attributes: new Map() });
  }

  get document(): XmlDocument {
    const { root, foreign } = this.#builder;
    return { root: root ?? { name: '', attributes: new Map(), children: [], text: '' }, foreign };
  }

  read(): void {
    const text = this.#text;
    while (this.#at < text.length) {
      const next = text.indexOf('<', this.#at);
      if (next < 0) break;
      this.#builder.text(readReferences(text.slice(this.#at, next)));
      this.#at = next;
      this.#markup();
    }
    if (this.#at < text.length) this.#builder.dropText();
    while (this.#builder.names.length > 1) this.#builder.close();
  }

  #markup(): void {
    const text = this.#text;
    if (text.startsWith('<!--', this.#at)) this.#skipTo('-->');
    else if (text.startsWith('<![CDATA[', this.#at)) this.#cdata();
    else if (text.startsWith('<?', this.#at)) this.#skipTo('?>');
    else if (/^<!doctype/i.test(text.slice(this.#at, this.#at + 9))) this.#doctype();
    else if (!this.#endTag() && !this.#startTag()) this.#loneBracket();
  }

  /** Takes `<` literally, unless it begins a tag that the end of the text cut off. */
  #loneBracket(): void {
    const isCut = this.#find('>') < 0;
    if (!isCut) this.#builder.text('<');
    this.#at = isCut ? this.#text.length : this.#at + 1;
  }

  /** Skips past `end` or, without one, past the next `>`. */
  #skipTo(end: string): void {
    const found = this.#find(end);
    this.#at = found < 0 ? this.#behind('>') : found + end.length;
  }

  #find(end: string): number {
    if (this.#absent.has(end)) return -1;
    const found = this.#text.indexOf(end, this.#at);
    if (found < 0) this.#absent.add(end);
    return found;
  }

  #behind(end: string): number {
    const found = this.#find(end);
    return found < 0 ? this.#text.length : found + end.length;
  }

  #cdata(): void {
    const end = this.#find(']]>');
    const start = this.#at + '<![CDATA['.length;
    if (end >= 0) this.#builder.text(withoutControls(this.#text.slice(start, end)));
    this.#at = end < 0 ? start : end + ']]>'.length;
  }

  /** Entities that it declares are not read. */
  #doctype(): void {
    const close = this.#behind('>');
    const hasSubset = this.#text.slice(this.#at, close).includes('[');
    const end = hasSubset ? this.#find(']>') : -1;
    this.#at = end < 0 ? close : end + ']>'.length;
  }

  #endTag(): boolean {
    endTag.lastIndex = this.#at;
    const match = endTag.exec(this.#text);
    if (!match) return false;
    this.#at = endTag.lastIndex;
    const depth = this.#builder.names.lastIndexOf(match[1]?.toLowerCase() ?? '');
    if (depth > 0) this.#closeTo(depth);
    return true;
  }

  #closeTo(depth: number): void {
    while (this.#builder.names.length > depth) this.#builder.close();
  }

  #startTag(): boolean {
    startTag.lastIndex = this.#at;
    const match = startTag.exec(this.#text);
    if (!match) return false;
    this.#at = startTag.lastIndex;
    const { attributes, namespace } = this.#attributes();
    tagEnd.lastIndex = this.#at;
    const end = tagEnd.exec(this.#text);
    if (end) this.#at = tagEnd.lastIndex;
    // A tag interrupted by another one counts; one cut off by the end of the text does not.
    else if (this.#text.indexOf('<', this.#at) < 0) this.#cutOff();
    const isHome = (match[1] ?? '') === this.#home && !namespace;
    const tag = { name: match[2]?.toLowerCase() ?? '', isKnown: isHome, attributes };
    if (end || this.#at < this.#text.length) this.#open(tag, end?.[1] === '/');
    return true;
  }

  #cutOff(): void {
    this.#at = this.#text.length;
    this.#builder.dropText();
  }

  #open(tag: XmlTag, isEmpty: boolean): void {
    const { names } = this.#builder;
    if (rootNames.includes(tag.name) && names.length === 1) return;
    const isReference = tag.name === 'session' && names.at(-1) === 'stream';
    if (tag.isKnown && topLevelNames.includes(tag.name) && !isReference) this.#closeTo(1);
    if (names.length === MAX_METADATA_DEPTH) throw new MetadataError('tooDeep');
    this.#builder.open(tag);
    if (isEmpty) this.#builder.close();
  }

  /** Returns the attributes without prefix; `namespace`: the element declares one of its own. */
  #attributes(): { attributes: Map<string, string>; namespace: boolean } {
    const attributes = new Map<string, string>();
    let namespace = false;
    for (;;) {
      attributeName.lastIndex = this.#at;
      const match = attributeName.exec(this.#text);
      if (!match) return { attributes, namespace };
      this.#at = attributeName.lastIndex;
      const value = match[3] === '=' ? this.#value() : '';
      const local = match[2]?.toLowerCase() ?? '';
      if (local === 'xmlns' && match[1] === undefined) namespace = true;
      else if (match[1] === undefined && !attributes.has(local)) attributes.set(local, value);
    }
  }

  #value(): string {
    const quote = this.#text[this.#at];
    if (quote === '"' || quote === "'") {
      const start = this.#at + 1;
      const window = this.#text.slice(start, start + MAX_VALUE_CHARACTERS);
      const end = window.indexOf(quote);
      // A quote that closes in another tag's attribute was left open in this one.
      if (end >= 0 && !leftOpen.test(window.slice(0, end))) {
        this.#at = start + end + 1;
        return readReferences(window.slice(0, end)).trim();
      }
      this.#at = start;
    }
    bareValue.lastIndex = this.#at;
    const value = bareValue.exec(this.#text)?.[0] ?? '';
    this.#at += value.length;
    return readReferences(value).trim();
  }
}

const named: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

function readReferences(text: string): string {
  const read = text.replace(
    /&(?:#(?:x([0-9a-f]{1,6})|([0-9]{1,7}))|(amp|lt|gt|quot|apos|nbsp));/gi,
    (_, hex?: string, decimal?: string, entity?: string) => {
      if (entity !== undefined) return named[entity.toLowerCase()] ?? '';
      const code = hex === undefined ? Number(decimal) : Number.parseInt(hex, 16);
      return code <= 0x10ffff ? String.fromCodePoint(code) : '';
    },
  );
  return withoutControls(read);
}

/** Removes control characters, which neither XML nor every database allows. */
function withoutControls(text: string): string {
  return text.toWellFormed().replace(/[^\P{Cc}\t\n\r]|[\ufffe\uffff]/gu, '');
}
