import { parseOffer } from '../protocols/sdp/parse-offer.ts';
import { SdpError, type SdpOffer } from '../protocols/sdp/types.ts';
import { header } from '../protocols/sip/headers.ts';
import type { SipRequest } from '../protocols/sip/types.ts';
import { isMetadataType, parseMetadata } from '../protocols/siprec/metadata.ts';
import { MultipartError, parseMultipart } from '../protocols/siprec/multipart.ts';
import { MetadataError, type RecordingMetadata } from '../protocols/siprec/types.ts';

/** What an INVITE, re-INVITE or UPDATE brought, in whatever order its parts came. */
export interface InviteBody {
  readonly offer: SdpOffer | undefined;
  readonly metadata: RecordingMetadata | undefined;
}

/** @throws MultipartError, MetadataError, SdpError */
export function readInviteBody(request: SipRequest): InviteBody {
  const contentType = header(request, 'Content-Type') ?? '';
  const mediaType = mediaTypeOf(contentType);
  if (request.body.length === 0) return { offer: undefined, metadata: undefined };
  const parts = mediaType.startsWith('multipart/')
    ? parseMultipart(request.body, contentType)
    : [{ contentType: mediaType, content: request.body }];
  let offer: SdpOffer | undefined;
  let metadata: RecordingMetadata | undefined;
  for (const part of parts) {
    if (part.contentType === 'application/sdp') offer = parseOffer(part.content.toString());
    else if (isMetadataType(part.contentType)) metadata = parseMetadata(part.content);
  }
  return { offer, metadata };
}

/** True for the errors above: the request's fault, answered 400. */
export function isBadBody(cause: unknown): boolean {
  return (
    cause instanceof MultipartError || cause instanceof MetadataError || cause instanceof SdpError
  );
}

function mediaTypeOf(contentType: string): string {
  return (contentType.split(';')[0] ?? '').trim().toLowerCase();
}
