import { addressOfRecord } from './address-of-record.ts';
import {
  MetadataError,
  type RecordedParticipant,
  type RecordedStream,
  type RecordingMetadata,
  type StreamAssociation,
} from './types.ts';
import { readXml, type XmlElement } from './xml-tree.ts';

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

/**
 * Reads the metadata of RFC 7865 and of the drafts that real clients send. Ids may stand in
 * attributes (`stream_id`, `id`) or in an `id` child; the drafts put `send` and `recv` into the
 * participant instead of an association. Throws MetadataError only.
 */
export function parseMetadata(content: Buffer): RecordingMetadata {
  const { root, foreign } = readXml(content, namespaces);
  if (!rootNames.includes(root.name)) throw new MetadataError('root');
  const streams = withId(root, 'stream').map(([id, element]) => toStream(id, element));
  const participants = withId(root, 'participant');
  return {
    dataMode: childText(root, 'datamode')?.toLowerCase() === 'partial' ? 'partial' : 'complete',
    communicationSessionIds: sessionIds(root, streams),
    participants: participants.map(([id, element]) => toParticipant(id, element)),
    streams,
    associations: [
      ...participants.flatMap(([id, element]) => toAssociation(id, element)),
      ...childrenNamed(root, 'participantstreamassoc').flatMap((element) => {
        const id = reference(element, 'participant_id');
        return id === undefined ? [] : [streamsOf(id, element)];
      }),
    ],
    ...(foreign.length === 0 ? {} : { extensions: foreign }),
  };
}

function sessionIds(root: XmlElement, streams: readonly RecordedStream[]): string[] {
  const declared = withId(root, 'session').map(([id]) => id);
  const named = streams.flatMap((stream) => stream.communicationSessionId ?? []);
  return [...new Set(declared.length > 0 ? declared : named)];
}

function toParticipant(id: string, element: XmlElement): RecordedParticipant {
  const nameId = childrenNamed(element, 'nameid')[0];
  const written = nameId?.attributes.get('aor')?.trim() || childText(element, 'aor');
  const name = (nameId && childText(nameId, 'name')) || childText(element, 'name');
  return { id, aor: written && addressOfRecord(written), name };
}

function toStream(id: string, element: XmlElement): RecordedStream {
  return {
    id,
    label: childText(element, 'label') ?? (element.attributes.get('label')?.trim() || undefined),
    communicationSessionId: reference(element, 'session_id') ?? reference(element, 'session'),
    mode: childText(element, 'mode')?.toLowerCase() === 'mixed' ? 'mixed' : 'separate',
  };
}

function toAssociation(participantId: string, element: XmlElement): StreamAssociation[] {
  const association = streamsOf(participantId, element);
  const { sendStreamIds, receiveStreamIds } = association;
  return sendStreamIds.length + receiveStreamIds.length === 0 ? [] : [association];
}

/** One that has ended is with no stream any more (RFC 7865 section 6.8). */
function streamsOf(participantId: string, element: XmlElement): StreamAssociation {
  const hasLeft = childrenNamed(element, 'disassociate-time').length > 0;
  return {
    participantId,
    sendStreamIds: hasLeft ? [] : streamReferences(element, 'send'),
    receiveStreamIds: hasLeft ? [] : streamReferences(element, 'recv'),
  };
}

/** `<send>id</send>`, or in the oldest draft `<send><id>id</id></send>`. */
function streamReferences(element: XmlElement, name: string): string[] {
  return childrenNamed(element, name).flatMap((reference) => {
    const ids = childrenNamed(reference, 'id').map((child) => child.text.trim());
    return [reference.text.trim(), ...ids].filter((id) => id !== '');
  });
}

/** The children of a name with the id each carries; those without one are of no use. */
function withId(root: XmlElement, name: string): [string, XmlElement][] {
  return childrenNamed(root, name).flatMap((element): [string, XmlElement][] => {
    const id = reference(element, `${name}_id`) ?? reference(element, 'id');
    return id === undefined ? [] : [[id, element]];
  });
}

/** A value in an attribute or else in a child of that name. */
function reference(element: XmlElement, name: string): string | undefined {
  return element.attributes.get(name)?.trim() || childText(element, name);
}

function childText(element: XmlElement, name: string): string | undefined {
  return childrenNamed(element, name)[0]?.text.trim() || undefined;
}

function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}
