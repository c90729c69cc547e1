import { MetadataError } from './types.ts';

/** An element of the requested namespaces; text and attribute values are as written. */
export interface XmlElement {
  /** Local name, lower case: older drafts write `dataMode`. */
  readonly name: string;
  /** Attributes without prefix, by lower-case name. */
  readonly attributes: ReadonlyMap<string, string>;
  readonly children: XmlElement[];
  /** Text directly inside, CDATA included. */
  text: string;
}

/** Text of an element of another namespace, or of an attribute of one. */
export interface ForeignText {
  /** Local names from below the root on, lower case: `session/extensiondata/callid`, `.../@id`. */
  readonly path: string;
  readonly text: string;
}

export interface XmlDocument {
  readonly root: XmlElement;
  readonly foreign: readonly ForeignText[];
}

/** A start tag, as either reader reports it. */
export interface XmlTag {
  /** Local name, lower case. */
  readonly name: string;
  /** True for a requested namespace. */
  readonly isKnown: boolean;
  /** Attributes without prefix, by lower-case name. */
  readonly attributes: ReadonlyMap<string, string>;
}

export const MAX_METADATA_BYTES = 262_144;
export const MAX_METADATA_DEPTH = 32;
export const MAX_METADATA_ELEMENTS = 4_096;
/** Each of them is a row of the call: a larger conference is not worth recording as such. */
export const MAX_METADATA_PARTICIPANTS = 256;
/** Vendors' own values beyond this number are ignored. */
const MAX_FOREIGN_TEXTS = 64;
const MAX_FOREIGN_CHARACTERS = 256;

/**
 * Invisible characters that change how others are shown: a name with them could pass for another
 * one (Unicode TR 36, section 3.1), or break the line of a log.
 */
const unseen = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u;
const allUnseen = new RegExp(unseen, 'gu');

/** Treats line ends and tabs as blanks, as between the words of a name. */
function seen(text: string): string {
  if (!unseen.test(text)) return text;
  return text.replace(/[\t\n\r]/g, ' ').replace(allUnseen, '');
}

function seenOf(attributes: ReadonlyMap<string, string>): ReadonlyMap<string, string> {
  for (const value of attributes.values()) {
    if (!unseen.test(value)) continue;
    return new Map([...attributes].map(([name, text]) => [name, seen(text)]));
  }
  return attributes;
}

/** Builds the tree of known elements; only the texts of others are kept. */
export class XmlTreeBuilder {
  root: XmlElement | undefined;
  readonly foreign: ForeignText[] = [];
  readonly #names: string[] = [];
  #foreignText = '';
  /** undefined stands for an element of a foreign namespace or inside one. */
  readonly #path: (XmlElement | undefined)[] = [];
  #elements = 0;

  /** Names of the open elements, the root's first. */
  get names(): readonly string[] {
    return this.#names;
  }

  open({ name, isKnown, attributes: written }: XmlTag): void {
    this.#elements += 1;
    if (this.#elements > MAX_METADATA_ELEMENTS) throw new MetadataError('tooManyElements');
    if (this.#path.length === MAX_METADATA_DEPTH) throw new MetadataError('tooDeep');
    const attributes = seenOf(written);
    const isRoot = this.#path.length === 0;
    if (isRoot && !isKnown) throw new MetadataError('namespace');
    const parent = this.#path.at(-1);
    this.#names.push(name);
    this.#foreignText = '';
    const element = isKnown && (isRoot || parent) ? newElement(name, attributes) : undefined;
    if (isRoot) this.root = element;
    else if (element) parent?.children.push(element);
    else this.#noteAttributes(attributes);
    this.#path.push(element);
  }

  close(): void {
    const isForeign = this.#path.pop() === undefined;
    if (isForeign) this.#note(this.#names.slice(1).join('/'), this.#foreignText);
    this.#foreignText = '';
    this.#names.pop();
  }

  text(written: string): void {
    const text = seen(written);
    const element = this.#path.at(-1);
    if (element) element.text += text;
    else this.#foreignText += text;
  }

  /** Drops the innermost element's text, which may be cut off and must not pass for the whole. */
  dropText(): void {
    const element = this.#path.at(-1);
    if (element) element.text = '';
    this.#foreignText = '';
  }

  #noteAttributes(attributes: ReadonlyMap<string, string>): void {
    for (const [name, value] of attributes) {
      this.#note(`${this.#names.slice(1).join('/')}/@${name}`, value);
    }
  }

  #note(path: string, text: string): void {
    const value = text.trim();
    if (value === '' || value.length > MAX_FOREIGN_CHARACTERS) return;
    if (this.foreign.length < MAX_FOREIGN_TEXTS) this.foreign.push({ path, text: value });
  }
}

function newElement(name: string, attributes: ReadonlyMap<string, string>): XmlElement {
  return { name, attributes, children: [], text: '' };
}
