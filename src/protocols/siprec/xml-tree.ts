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

export const MAX_METADATA_BYTES = 262_144;
export const MAX_METADATA_DEPTH = 32;
export const MAX_METADATA_ELEMENTS = 4_096;

/**
 * Reads a document whose root is in one of `namespaces`. Elements of other namespaces (vendors'
 * extensions) are passed over with all they hold. A DOCTYPE is refused before it is read, so no
 * entity but the five of XML exists. Throws MetadataError only.
 */
export function readXml(content: Buffer, namespaces: readonly string[]): XmlElement {
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
  return builder.root;
}

/** One client sends its document as a C string, terminator included. */
function withoutTrailingNul(text: string): string {
  let end = text.length;
  while (text.charCodeAt(end - 1) === 0) end -= 1;
  return text.slice(0, end);
}

class TreeBuilder {
  root: XmlElement | undefined;
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
    const parent = this.#path.at(-1);
    if (this.#path.length === 0) {
      if (!known) throw new MetadataError('namespace');
      this.root = toElement(tag);
      this.#path.push(this.root);
      return;
    }
    const element = parent && known ? toElement(tag) : undefined;
    if (element) parent?.children.push(element);
    this.#path.push(element);
  }

  close(): void {
    this.#path.pop();
  }

  text(text: string): void {
    const element = this.#path.at(-1);
    if (element) element.text += text;
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
