import { SaxesParser, type SaxesTagNS } from 'saxes';
import { MetadataError } from './types.ts';
import { type XmlDocument, type XmlTag, XmlTreeBuilder } from './xml-tree.ts';

/**
 * Reads a document whose root is in one of `namespaces`. Only the texts of elements of other
 * namespaces (vendors' extensions) are kept. A DOCTYPE is refused before it is read, so no entity
 * but the five of XML exists. Throws MetadataError only.
 */
export function readXml(text: string, namespaces: readonly string[]): XmlDocument {
  const builder = new XmlTreeBuilder();
  const parser = new SaxesParser({ xmlns: true, position: false });
  parser.on('error', ({ message }) => {
    throw new MetadataError(/namespace prefix/.test(message) ? 'namespace' : 'malformed');
  });
  parser.on('doctype', () => {
    throw new MetadataError('doctype');
  });
  parser.on('opentag', (tag) => builder.open(toTag(tag, namespaces)));
  parser.on('closetag', () => builder.close());
  parser.on('text', (more) => builder.text(more));
  parser.on('cdata', (more) => builder.text(more));
  parser.write(text).close();
  if (!builder.root) throw new MetadataError('malformed');
  return { root: builder.root, foreign: builder.foreign };
}

function toTag(tag: SaxesTagNS, namespaces: readonly string[]): XmlTag {
  const attributes = Object.values(tag.attributes)
    .filter(({ prefix, local }) => prefix === '' && local !== '')
    .map((attribute): [string, string] => [attribute.local.toLowerCase(), attribute.value]);
  return {
    name: tag.local.toLowerCase(),
    isKnown: namespaces.includes(tag.uri),
    attributes: new Map(attributes),
  };
}
