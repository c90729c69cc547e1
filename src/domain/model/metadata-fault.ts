/**
 * Reasons why a call's metadata may be incomplete, explained in docs/operate/siprec.md. None of
 * them affects the audio: the call is recorded all the same.
 */
export const metadataFaults = {
  malformed: 'The XML is not well-formed.',
  namespace: 'The namespace is unknown, or a prefix is declared nowhere.',
  root: 'The document is of another kind.',
  doctype: 'It has a document type declaration; its entities are not read.',
  charset: 'The character set is unknown, or is not the one that it says.',
  tooLarge: 'It is larger than is read.',
  tooDeep: 'Its elements lie deeper than is read.',
  tooManyElements: 'It has more elements than are read.',
  tooLong: 'An address or a name is longer than is kept.',
  contentType: 'A part, or the message, is not of the type that it says.',
  boundary: 'The boundary between the parts is not the one that is announced.',
  truncated: 'The closing boundary is missing.',
  partHeaders: 'A part has no headers of its own.',
  tooManyParts: 'The message has more parts than are read.',
  transferEncoding: 'A part is encoded in a way that is unknown, or is not so encoded.',
  sessionId: 'The session id is none, or another call in progress has it as well.',
} as const satisfies Record<string, string>;
export type MetadataFault = keyof typeof metadataFaults;

export const metadataFaultCodes = Object.keys(metadataFaults) as MetadataFault[];

/** Merges both lists, each fault once, in catalogue order; null for none. */
export function faultsTogether(
  known: readonly MetadataFault[] | null,
  more: readonly MetadataFault[],
): readonly MetadataFault[] | null {
  const all = new Set([...(known ?? []), ...more]);
  return all.size === 0 ? null : metadataFaultCodes.filter((code) => all.has(code));
}
