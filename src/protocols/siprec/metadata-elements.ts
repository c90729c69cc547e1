import { addressOfRecord, displayNameIn } from './address-of-record.ts';
import type {
  MetadataFault,
  RecordedParticipant,
  RecordedStream,
  RecordingMetadata,
  StreamAssociation,
} from './types.ts';
import { MAX_METADATA_PARTICIPANTS, type XmlDocument, type XmlElement } from './xml-tree.ts';

/** Longer addresses are not known addresses, longer names are no names. */
const MAX_ADDRESS_CHARACTERS = 512;
const MAX_NAME_CHARACTERS = 256;

/**
 * Converts the elements: ids in attributes (`stream_id`, `id`) or in an `id` child, `send` and
 * `recv` in an association or, as in the drafts, in the participant.
 */
export function toMetadata(
  { root, foreign }: XmlDocument,
  faults: Set<MetadataFault>,
): RecordingMetadata {
  const streams = withId(root, 'stream').map(([id, element]) => toStream(id, element));
  const everybody = named(root);
  const participants = everybody.slice(0, MAX_METADATA_PARTICIPANTS);
  if (participants.length < everybody.length) faults.add('tooManyElements');
  return {
    dataMode: childText(root, 'datamode')?.toLowerCase() === 'partial' ? 'partial' : 'complete',
    communicationSessionIds: sessionIds(root, streams),
    participants: participants.map(([id, element]) => toParticipant(id, element, faults)),
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

/** Elements without an id are known by their address. */
function named(root: XmlElement): [string, XmlElement][] {
  return childrenNamed(root, 'participant').flatMap((element): [string, XmlElement][] => {
    const id = idOf(element) ?? addressIn(element);
    return id === undefined ? [] : [[id, element]];
  });
}

function toParticipant(
  id: string,
  element: XmlElement,
  faults: Set<MetadataFault>,
): RecordedParticipant {
  const nameId = childrenNamed(element, 'nameid')[0];
  const written = addressIn(element) ?? '';
  const isTooLong = written.length > MAX_ADDRESS_CHARACTERS;
  const name =
    (nameId && childText(nameId, 'name')) ||
    childText(element, 'name') ||
    (isTooLong ? undefined : displayNameIn(written));
  if (isTooLong || (name?.length ?? 0) > MAX_NAME_CHARACTERS) faults.add('tooLong');
  const aor = written === '' || isTooLong ? undefined : addressOfRecord(written);
  return { id, aor, name: name?.slice(0, MAX_NAME_CHARACTERS).toWellFormed() };
}

function addressIn(element: XmlElement): string | undefined {
  const nameId = childrenNamed(element, 'nameid')[0];
  return nameId?.attributes.get('aor')?.trim() || childText(element, 'aor');
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

/** Returns its streams; an ended association has none any more (RFC 7865 section 6.8). */
function streamsOf(participantId: string, element: XmlElement): StreamAssociation {
  const hasLeft = childrenNamed(element, 'disassociate-time').length > 0;
  return {
    participantId,
    sendStreamIds: hasLeft ? [] : streamReferences(element, 'send'),
    receiveStreamIds: hasLeft ? [] : streamReferences(element, 'recv'),
  };
}

/** Reads `<send>id</send>`, or in the oldest draft `<send><id>id</id></send>`. */
function streamReferences(element: XmlElement, name: string): string[] {
  return childrenNamed(element, name).flatMap((reference) => {
    const ids = childrenNamed(reference, 'id').map((child) => child.text.trim());
    return [reference.text.trim(), ...ids].filter((id) => id !== '');
  });
}

/** Returns the children of a name with their ids; those without one are unusable. */
function withId(root: XmlElement, name: string): [string, XmlElement][] {
  return childrenNamed(root, name).flatMap((element): [string, XmlElement][] => {
    const id = idOf(element);
    return id === undefined ? [] : [[id, element]];
  });
}

function idOf(element: XmlElement): string | undefined {
  const { name } = element;
  return (
    reference(element, `${name}_id`) ??
    reference(element, 'id') ??
    element.attributes.get(`${name}id`)?.trim()
  );
}

/** Returns a value in an attribute, otherwise in a child of that name. */
function reference(element: XmlElement, name: string): string | undefined {
  return element.attributes.get(name)?.trim() || childText(element, name);
}

function childText(element: XmlElement, name: string): string | undefined {
  return childrenNamed(element, name)[0]?.text.trim() || undefined;
}

function childrenNamed(element: XmlElement, name: string): XmlElement[] {
  return element.children.filter((child) => child.name === name);
}
