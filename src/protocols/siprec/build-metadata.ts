import { randomUUID } from 'node:crypto';
import { sessionIdFromGuid } from './session-id.ts';

export interface MetadataParticipant {
  readonly aor: string;
  readonly name?: string | undefined;
  /** The `a=label` of the stream this participant sends. */
  readonly label: string;
}

export interface MetadataOptions {
  /** Written as given: RFC 7865 requires base64 of a UUID, see `sessionIdFromGuid`. */
  readonly communicationSessionId: string;
  readonly participants: readonly MetadataParticipant[];
  /** Default: now. */
  readonly startedAt?: Date;
}

interface Identified extends MetadataParticipant {
  readonly participantId: string;
  readonly streamId: string;
}

/**
 * Builds complete metadata of RFC 7865 for one communication session in which every participant
 * sends one stream and hears all others; elements in the order of the schema (section 9).
 */
export function buildMetadata(options: MetadataOptions): string {
  const session = escapeXml(options.communicationSessionId);
  const since = (options.startedAt ?? new Date()).toISOString();
  const participants = options.participants.map((participant) => ({
    ...participant,
    participantId: uniqueId(),
    streamId: uniqueId(),
  }));
  const joined = `<associate-time>${since}</associate-time>`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    '<recording xmlns="urn:ietf:params:xml:ns:recording:1">',
    '<datamode>complete</datamode>',
    `<session session_id="${session}"><start-time>${since}</start-time></session>`,
    ...participants.map(participantXml),
    ...participants.map((one) => streamXml(one, session)),
    `<sessionrecordingassoc session_id="${session}">${joined}</sessionrecordingassoc>`,
    ...participants.map(
      (one) =>
        `<participantsessionassoc participant_id="${one.participantId}" session_id="${session}">` +
        `${joined}</participantsessionassoc>`,
    ),
    ...participants.map((one) => streamAssociationXml(one, participants, joined)),
    '</recording>',
    '',
  ].join('\r\n');
}

function participantXml(participant: Identified): string {
  const name = participant.name === undefined ? '' : `<name>${escapeXml(participant.name)}</name>`;
  return (
    `<participant participant_id="${participant.participantId}">` +
    `<nameID aor="${escapeXml(participant.aor)}">${name}</nameID></participant>`
  );
}

function streamXml(participant: Identified, session: string): string {
  return (
    `<stream stream_id="${participant.streamId}" session_id="${session}">` +
    `<label>${escapeXml(participant.label)}</label></stream>`
  );
}

function streamAssociationXml(
  participant: Identified,
  all: readonly Identified[],
  joined: string,
): string {
  const heard = all
    .filter((other) => other !== participant)
    .map((other) => `<recv>${other.streamId}</recv>`)
    .join('');
  return (
    `<participantstreamassoc participant_id="${participant.participantId}">` +
    `<send>${participant.streamId}</send>${heard}${joined}</participantstreamassoc>`
  );
}

/** RFC 7865 section 6.10 */
function uniqueId(): string {
  return sessionIdFromGuid(randomUUID()) ?? '';
}

const escapes = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ["'", '&apos;'],
]);

/** Escapes markup and drops characters that XML 1.0 cannot carry at all (control characters). */
function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, '')
    .replace(/[&<>"']/g, (character) => escapes.get(character) ?? '');
}
