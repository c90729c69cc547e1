import type { RecordedParticipant, RecordingMetadata } from './types.ts';

/** Everybody heard in the stream with that label, in the order of the metadata. */
export function participantsForLabel(
  metadata: RecordingMetadata,
  label: string,
): RecordedParticipant[] {
  const streamIds = metadata.streams
    .filter((stream) => stream.label === label)
    .map((stream) => stream.id);
  const senders = metadata.associations
    .filter((association) => association.sendStreamIds.some((id) => streamIds.includes(id)))
    .map((association) => association.participantId);
  return metadata.participants.filter((participant) => senders.includes(participant.id));
}

/**
 * The participant that sends the stream with that label. undefined without an association, and for
 * a mixed stream with several senders. A separate stream with several (a party that was
 * transferred, in one vendor's metadata) belongs to the first of them.
 */
export function participantForLabel(
  metadata: RecordingMetadata,
  label: string,
): RecordedParticipant | undefined {
  const senders = participantsForLabel(metadata, label);
  const mixed = metadata.streams.some((one) => one.label === label && one.mode === 'mixed');
  return mixed && senders.length > 1 ? undefined : senders[0];
}
