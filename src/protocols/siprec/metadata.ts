import { readXmlLeniently } from './lenient-xml.ts';
import { toMetadata } from './metadata-elements.ts';
import { readXml } from './strict-xml.ts';
import { decodeXmlText } from './text-decoding.ts';
import { MetadataError, type MetadataFault, type RecordingMetadata } from './types.ts';
import { MAX_METADATA_BYTES, type XmlDocument } from './xml-tree.ts';

/**
 * RFC 7865 section 6; the drafts before it; and the oldest draft, which one PBX family still sends.
 */
const namespaces = [
  'urn:ietf:params:xml:ns:recording:1',
  'urn:ietf:params:xml:ns:recording',
  'urn:ietf:params:xml:ns:siprec',
];
const rootNames = ['recording', 'recording_metadata'];

/** RFC 9806 settled on `+xml`; RFC 7866 had it without, and clients send both. */
const mediaTypes = ['application/rs-metadata+xml', 'application/rs-metadata'];

/** Takes the media type without parameters, in lower case. */
export function isMetadataType(mediaType: string): boolean {
  return mediaTypes.includes(mediaType);
}

/** Metadata as far as it was readable, and why it may be incomplete. */
export interface MetadataReading {
  /** Undefined if nothing in it was readable. */
  readonly metadata: RecordingMetadata | undefined;
  readonly faults: readonly MetadataFault[];
}

/**
 * Reads the metadata of RFC 7865 and of the drafts that real clients send. A document that is not
 * well-formed, or of an unknown namespace, is read a second time leniently; since the result may be
 * incomplete, it is `partial`. Never throws.
 * @param charset as the media type names it
 */
export function readMetadata(content: Buffer, charset?: string): MetadataReading {
  const faults = new Set<MetadataFault>();
  const isCut = content.length > MAX_METADATA_BYTES;
  const { text, isDoubtful } = decodeXmlText(content.subarray(0, MAX_METADATA_BYTES), charset);
  if (isDoubtful) faults.add('charset');
  const whole = isCut ? 'tooLarge' : readStrictly(text);
  if (typeof whole !== 'string' && hasMedia(whole)) {
    return { metadata: toMetadata(whole, faults), faults: [...faults] };
  }
  const lenient = readXmlLeniently(text);
  if (typeof whole !== 'string') {
    const best = hasMedia(lenient) ? lenient : whole;
    return { metadata: toMetadata(best, faults), faults: [...faults] };
  }
  faults.add(whole);
  if (lenient.limit) faults.add(lenient.limit);
  const metadata: RecordingMetadata = { ...toMetadata(lenient, faults), dataMode: 'partial' };
  return { metadata: isEmpty(metadata) ? undefined : metadata, faults: [...faults] };
}

function readStrictly(text: string): XmlDocument | MetadataError['reason'] {
  try {
    const document = readXml(text, namespaces);
    return rootNames.includes(document.root.name) ? document : 'root';
  } catch (cause) {
    if (cause instanceof MetadataError) return cause.reason;
    throw cause;
  }
}

function hasMedia({ root }: XmlDocument): boolean {
  return root.children.some(({ name }) => name === 'participant' || name === 'stream');
}

function isEmpty({ communicationSessionIds, participants, streams, ...more }: RecordingMetadata) {
  const lists = [communicationSessionIds, participants, streams, more.extensions ?? []];
  return lists.every(({ length }) => length === 0);
}
