import type { RecordedParticipant, RecordingMetadata } from './types.ts';

/** Returns all participants heard in the stream with that label, in the order of the metadata. */
export function participantsForLabel(
  metadata: RecordingMetadata,
  label: string,
): RecordedParticipant[] {
  const labelled = metadata.streams.filter((stream) => stream.label === label);
  const streamIds = new Set(labelled.map((stream) => stream.id));
  const sending = metadata.associations.filter(({ sendStreamIds }) =>
    sendStreamIds.some((id) => streamIds.has(id)),
  );
  const senders = new Set(sending.map((association) => association.participantId));
  return metadata.participants.filter((participant) => senders.has(participant.id));
}

/**
 * True for several participants in the stream with that label: the client says so, or it is the
 * only stream and has several senders.
 */
export function isMixed(metadata: RecordingMetadata, label: string): boolean {
  const declared = metadata.streams.some((one) => one.label === label && one.mode === 'mixed');
  if (declared) return true;
  const only = metadata.streams.length === 1;
  return only && participantsForLabel(metadata, label).length > 1;
}

/**
 * Returns the participant that sends the stream with that label; undefined without an association,
 * and for a mixed stream. A separate stream beside others with several senders (a party that was
 * transferred, in one vendor's metadata) belongs to the first of them.
 */
export function participantForLabel(
  metadata: RecordingMetadata,
  label: string,
): RecordedParticipant | undefined {
  return isMixed(metadata, label) ? undefined : participantsForLabel(metadata, label)[0];
}
