import { gunzipSync, inflateSync } from 'node:zlib';
import type { MetadataFault } from '../domain/model/metadata-fault.ts';
import { withoutCardNumbers, withoutCardNumbersInUri } from '../domain/redaction/card-numbers.ts';
import { cleanName } from '../domain/redaction/client-text.ts';
import { parseOffer } from '../protocols/sdp/parse-offer.ts';
import { MAX_SDP_CHARACTERS } from '../protocols/sdp/raw-media.ts';
import { SdpError, type SdpOffer } from '../protocols/sdp/types.ts';
import { header } from '../protocols/sip/message/headers.ts';
import type { SipRequest } from '../protocols/sip/message/types.ts';
import { mergeMetadata } from '../protocols/siprec/merge-metadata.ts';
import { isMetadataType, readMetadata } from '../protocols/siprec/metadata.ts';
import { boundaryIn, readMultipart } from '../protocols/siprec/multipart.ts';
import { MetadataError, type RecordingMetadata } from '../protocols/siprec/types.ts';
import { MAX_METADATA_BYTES } from '../protocols/siprec/xml-tree.ts';

/** Contents of an INVITE, re-INVITE or UPDATE, whatever the order of its parts. */
export interface InviteBody {
  readonly offer: SdpOffer | undefined;
  readonly metadata: RecordingMetadata | undefined;
  /** True if a metadata part came, readable or not. */
  readonly hasMetadata: boolean;
  /** Reasons why the metadata may be incomplete. */
  readonly faults: readonly MetadataFault[];
}

interface Part {
  readonly contentType: string;
  readonly typeHeader: string;
  readonly coding: string | undefined;
  readonly content: Buffer;
}

type Kind = 'sdp' | 'metadata' | 'multipart' | 'other';

const MAX_NESTING = 3;
/** Limit for all parts together. */
const MAX_DECOMPRESSED_BYTES = 1_048_576;

/**
 * Reads everything readable: optional contents are never refused. A mislabelled part counts as what
 * it is.
 * @throws SdpError if there is a description, and none is usable
 */
export function readInviteBody(request: SipRequest): InviteBody {
  const typeHeader = header(request, 'Content-Type') ?? '';
  const coding = header(request, 'Content-Encoding')?.trim().toLowerCase();
  const reader = new BodyReader();
  const contentType = mediaTypeOf(typeHeader);
  if (request.body.length > 0) {
    reader.read({ contentType, typeHeader, coding, content: request.body }, 0);
  }
  return reader.body();
}

/** True for the error above: the request's fault, answered 400. */
export function isBadBody(cause: unknown): boolean {
  return cause instanceof SdpError;
}

/** Joins both; the known metadata stays if both together exceed one document's limits. */
export function joinMetadata(
  known: RecordingMetadata | undefined,
  update: RecordingMetadata | undefined,
): { metadata: RecordingMetadata | undefined; faults: readonly MetadataFault[] } {
  try {
    return { metadata: mergeMetadata(known, update), faults: [] };
  } catch (cause) {
    if (!(cause instanceof MetadataError)) throw cause;
    return { metadata: known, faults: [cause.reason] };
  }
}

class BodyReader {
  readonly #faults = new Set<MetadataFault>();
  #offer: SdpOffer | undefined;
  #sdpError: SdpError | undefined;
  #metadata: RecordingMetadata | undefined;
  #hasMetadata = false;
  /** Remaining allowance: many parts may not exceed the limits of one. */
  readonly #left = {
    sdpBytes: 2 * MAX_SDP_CHARACTERS,
    metadataBytes: 2 * MAX_METADATA_BYTES,
    decompressedBytes: MAX_DECOMPRESSED_BYTES,
  };

  body(): InviteBody {
    if (!this.#offer && this.#sdpError) throw this.#sdpError;
    return {
      offer: this.#offer,
      metadata: this.#metadata,
      hasMetadata: this.#hasMetadata,
      faults: [...this.#faults],
    };
  }

  read(part: Part, depth: number): void {
    const content = this.#decompressed(part);
    const kind = kindOf(part.contentType, content);
    if (kind === 'multipart') this.#readParts(part, content, depth);
    else if (kind === 'sdp') this.#readOffer(content);
    else if (kind === 'metadata') this.#readMetadata(part, content);
  }

  /** Decompresses a part; one that cannot be, or is too large then, stays compressed. */
  #decompressed({ coding, content }: Part): Buffer {
    const isGzip = coding === 'gzip' || coding === 'x-gzip';
    const { decompressedBytes } = this.#left;
    if ((!isGzip && coding !== 'deflate') || decompressedBytes <= 0) return content;
    const bounds = { maxOutputLength: decompressedBytes };
    try {
      const whole = isGzip ? gunzipSync(content, bounds) : inflateSync(content, bounds);
      this.#left.decompressedBytes -= whole.length;
      return whole;
    } catch {
      // Neither SDP nor metadata is found in it, and its decompressed size is unknown.
      this.#left.decompressedBytes = 0;
      return content;
    }
  }

  #readParts({ contentType, typeHeader }: Part, content: Buffer, depth: number): void {
    if (depth === MAX_NESTING) return;
    if (!contentType.startsWith('multipart/')) this.#faults.add('contentType');
    const { parts, faults } = readMultipart(content, typeHeader);
    for (const fault of faults) this.#faults.add(fault);
    for (const part of parts) this.read(part, depth + 1);
  }

  /** Reads the last usable one, as in `multipart/alternative`. */
  #readOffer(content: Buffer): void {
    try {
      this.#left.sdpBytes -= content.length;
      // Oversized content is not even converted to text.
      const isTooLarge = content.length > MAX_SDP_CHARACTERS || this.#left.sdpBytes < 0;
      if (isTooLarge) throw new SdpError('tooLarge');
      this.#offer = labelledSafely(parseOffer(content.toString()));
    } catch (cause) {
      if (!(cause instanceof SdpError)) throw cause;
      this.#sdpError ??= cause;
    }
  }

  /** Reads metadata: the first of several documents counts as complete, the others add to it. */
  #readMetadata({ contentType, typeHeader }: Part, content: Buffer): void {
    this.#hasMetadata = true;
    this.#left.metadataBytes -= Math.min(content.length, MAX_METADATA_BYTES);
    if (this.#left.metadataBytes < 0) {
      this.#faults.add('tooLarge');
      return;
    }
    if (!isMetadataType(contentType)) this.#faults.add('contentType');
    const charset = /;\s*charset\s*=\s*"?([\w.:-]+)/i.exec(typeHeader)?.[1];
    const reading = readMetadata(content, charset);
    const read = reading.metadata && withoutCards(reading.metadata);
    const known = this.#metadata;
    const update = read && known && { ...read, dataMode: 'partial' as const };
    const { metadata, faults } = joinMetadata(known, update ?? read);
    this.#metadata = metadata;
    for (const fault of [...reading.faults, ...faults]) this.#faults.add(fault);
  }
}

/** Labels tell streams apart, so the metadata's names for them must match the offer's. */
function labelledSafely(offer: SdpOffer): SdpOffer {
  return { ...offer, media: offer.media.map((one) => ({ ...one, label: cleanLabel(one.label) })) };
}

function cleanLabel(label: string | undefined): string | undefined {
  return label === undefined ? undefined : cleanName(label);
}

/**
 * Cleans parties' names and addresses and streams' labels before they are stored. Ids of sessions
 * and vendors' values name the call, and stay.
 */
function withoutCards(metadata: RecordingMetadata): RecordingMetadata {
  const participants = metadata.participants.map((participant) => {
    const { aor, name } = participant;
    return {
      ...participant,
      aor: aor === undefined ? undefined : withoutCardNumbersInUri(aor),
      name: name === undefined ? undefined : withoutCardNumbers(name),
    };
  });
  const streams = metadata.streams.map((one) => ({ ...one, label: cleanLabel(one.label) }));
  return { ...metadata, participants, streams };
}

/** Decides by the content's beginning, or by its type where that is inconclusive. */
function kindOf(contentType: string, content: Buffer): Kind {
  const head = content.subarray(0, 1_024).toString('latin1').replaceAll('\0', '');
  const isDescription = /^\s*v=0\s*[\r\n]/.test(head);
  if (contentType.startsWith('multipart/')) return isDescription ? 'sdp' : 'multipart';
  if (isDescription) return 'sdp';
  if (/^\W{0,8}</.test(head) && /<(?:[^\s<>:]{1,64}:)?recording(?:_metadata)?[\s>]/i.test(head)) {
    return 'metadata';
  }
  if (isMetadataType(contentType)) return boundaryIn(content) ? 'multipart' : 'metadata';
  if (boundaryIn(content) !== undefined) return 'multipart';
  return contentType === 'application/sdp' ? 'sdp' : 'other';
}

function mediaTypeOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}
