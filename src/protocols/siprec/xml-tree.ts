import { SaxesParser, type SaxesTagNS } from 'saxes';
import { MetadataError } from './types.ts';

/** An element of the namespaces asked for; text and attribute values are as written. */
export interface XmlElement {
  /** Local name, lower case: older drafts write `dataMode`. */
  readonly name: string;
  /** Attributes without prefix, by lower-case name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  /** Text directly inside, CDATA included. */
  text: string;
}

/** What stands in an element of another namespace, or in an attribute of one. */
export interface ForeignText {
  /** Local names from below the root on, lower case: `session/extensiondata/callid`, `.../@id`. */
  readonly path: string;
  readonly text: string;
}

export interface XmlDocument {
  readonly root: XmlElement;
  readonly foreign: readonly ForeignText[];
}

export const MAX_METADATA_BYTES = 262_144;
export const MAX_METADATA_DEPTH = 32;
export const MAX_METADATA_ELEMENTS = 4_096;
/** Vendors' own values beyond these are not looked at. */
const MAX_FOREIGN_TEXTS = 64;
const MAX_FOREIGN_CHARACTERS = 256;

/**
 * Reads a document whose root is in one of `namespaces`. Of elements of other namespaces (vendors'
 * extensions) only the texts are kept. A DOCTYPE is refused before it is read, so no
 * entity but the five of XML exists. Throws MetadataError only.
 */
export function readXml(content: Buffer, namespaces: readonly string[]): XmlDocument {
  if (content.length > MAX_METADATA_BYTES) throw new MetadataError('tooLarge');
  const builder = new TreeBuilder(namespaces);
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('error', () => {
    throw new MetadataError('malformed');
  });
  parser.on('doctype', () => {
    throw new MetadataError('doctype');
  });
  parser.on('opentag', (tag) => builder.open(tag));
  parser.on('closetag', () => builder.close());
  parser.on('text', (text) => builder.text(text));
  parser.on('cdata', (text) => builder.text(text));
  parser.write(withoutTrailingNul(content.toString('utf8'))).close();
  if (!builder.root) throw new MetadataError('malformed');
  return { root: builder.root, foreign: builder.foreign };
}

/** One client sends its document as a C string, terminator included. */
function withoutTrailingNul(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0) end -= 1;
  return text.slice(0, end);
}

class TreeBuilder {
  root: XmlElement | undefined;
  readonly foreign: ForeignText[] = [];
  readonly #names: string[] = [];
  #foreignText = '';
  /** undefined stands for an element of a foreign namespace or inside one. */
  readonly #path: (XmlElement | undefined)[] = [];
  readonly #namespaces: readonly string[];
  #elements = 0;

  constructor(namespaces: readonly string[]) {
    this.#namespaces = namespaces;
  }

  open(tag: SaxesTagNS): void {
    this.#elements += 1;
    if (this.#elements > MAX_METADATA_ELEMENTS) throw new MetadataError('tooManyElements');
    if (this.#path.length === MAX_METADATA_DEPTH) throw new MetadataError('tooDeep');
    const known = this.#namespaces.includes(tag.uri);
    this.#names.push(tag.local.toLowerCase());
    this.#foreignText = '';
    const parent = this.#path.at(-1);
    if (this.#path.length === 0) {
      if (!known) throw new MetadataError('namespace');
      this.root = toElement(tag);
      this.#path.push(this.root);
      return;
    }
    const element = parent && known ? toElement(tag) : undefined;
    if (element) parent?.children.push(element);
    else this.#noteAttributes(tag);
    this.#path.push(element);
  }

  close(): void {
    const isForeign = this.#path.pop() === undefined;
    if (isForeign) this.#note(this.#names.slice(1).join('/'), this.#foreignText);
    this.#foreignText = '';
    this.#names.pop();
  }

  text(text: string): void {
    const element = this.#path.at(-1);
    if (element) element.text += text;
    else this.#foreignText += text;
  }

  #noteAttributes(tag: SaxesTagNS): void {
    for (const { prefix, local, value } of Object.values(tag.attributes)) {
      if (prefix === '' && local !== '') {
        this.#note(`${this.#names.slice(1).join('/')}/@${local.toLowerCase()}`, value);
      }
    }
  }

  #note(path: string, text: string): void {
    const value = text.trim();
    if (value === '' || value.length > MAX_FOREIGN_CHARACTERS) return;
    if (this.foreign.length < MAX_FOREIGN_TEXTS) this.foreign.push({ path, text: value });
  }
}

function toElement(tag: SaxesTagNS): XmlElement {
  const attributes = Object.values(tag.attributes)
    .filter((attribute) => attribute.prefix === '')
    .map((attribute): [string, string] => [attribute.local.toLowerCase(), attribute.value]);
  return {
    name: tag.local.toLowerCase(),
    attributes: new Map(attributes),
    children: [],
    text: '',
  };
}
