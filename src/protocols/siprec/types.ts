/**
 * A Session Recording Client's description of a call (RFC 7865), values as written, trimmed; AoRs
 * as `addressOfRecord` reads them.
 */
export interface RecordingMetadata {
  /** `partial`: only the changes since the previous metadata. */
  readonly dataMode: 'complete' | 'partial';
  readonly communicationSessionIds: readonly string[];
  readonly participants: readonly RecordedParticipant[];
  readonly streams: readonly RecordedStream[];
  readonly associations: readonly StreamAssociation[];
  /** Vendors' own values; absent in records of older versions. */
  readonly extensions?: readonly ExtensionValue[];
}

export interface ExtensionValue {
  /** Local names from below the root on, lower case: `session/extensiondata/callid`. */
  readonly path: string;
  readonly text: string;
}

export interface RecordedParticipant {
  readonly id: string;
  /** Address of record, see `addressOfRecord`. */
  readonly aor: string | undefined;
  readonly name: string | undefined;
}

export interface RecordedStream {
  readonly id: string;
  /** The `a=label` of the m-line it belongs to; undefined in partial metadata without it. */
  readonly label: string | undefined;
  readonly communicationSessionId: string | undefined;
  /** `mixed`: several participants in one stream, which then belongs to none of them. */
  readonly mode: 'separate' | 'mixed';
}

export interface StreamAssociation {
  readonly participantId: string;
  readonly sendStreamIds: readonly string[];
  readonly receiveStreamIds: readonly string[];
}

/** Reasons why a document was not read, or not read completely. */
export type MetadataErrorReason =
  | 'tooLarge'
  | 'tooDeep'
  | 'tooManyElements'
  | 'doctype'
  | 'malformed'
  | 'namespace'
  | 'root';

/** Contradictions between a message and its own headers. */
export type BodyFault =
  | 'contentType'
  | 'boundary'
  | 'truncated'
  | 'partHeaders'
  | 'tooManyParts'
  | 'transferEncoding';

export type MetadataFault = MetadataErrorReason | BodyFault | 'charset' | 'tooLong';

/** The document is not recording metadata of RFC 7865. The message never quotes it. */
export class MetadataError extends Error {
  override readonly name = 'MetadataError';
  readonly reason: MetadataErrorReason;

  constructor(reason: MetadataErrorReason) {
    super(`Recording metadata refused: ${reason}`);
    this.reason = reason;
  }
}
