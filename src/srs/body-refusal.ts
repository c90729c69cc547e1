import { header, headerValues } from '../protocols/sip/headers.ts';
import { ACCEPT } from '../protocols/sip/identity.ts';
import type { SipReply, SipRequest } from '../protocols/sip/types.ts';
import { isMetadataType } from '../protocols/siprec/metadata.ts';

/**
 * 415 for a body that cannot be understood, with what could be (RFC 3261 sections 8.2.3 and
 * 21.4.13); undefined where the body may be read, or passed over.
 */
export function bodyRefusal(request: SipRequest): SipReply | undefined {
  if (request.body.length === 0 || isOptional(request)) return undefined;
  const encodings = headerValues(request, 'Content-Encoding').map((name) => name.toLowerCase());
  if (encodings.some((name) => name !== 'identity')) {
    return refusal({ name: 'Accept-Encoding', value: 'identity' });
  }
  const type = (header(request, 'Content-Type') ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? '';
  const isKnown = type === 'application/sdp' || isMetadataType(type) || /^multipart\/./.test(type);
  return isKnown ? undefined : refusal({ name: 'Accept', value: ACCEPT });
}

/** No package is asked for, so that none may come (RFC 6086 section 4.2.2). */
export function answerToInfo(request: SipRequest): SipReply {
  if (header(request, 'Info-Package') === undefined) return { statusCode: 200 };
  return { statusCode: 469, headers: [{ name: 'Recv-Info', value: '' }] };
}

/** RFC 3261 section 20.11: without a word of its own, a body must be understood. */
function isOptional(request: SipRequest): boolean {
  return /;\s*handling\s*=\s*optional\b/i.test(header(request, 'Content-Disposition') ?? '');
}

function refusal(accepted: { name: string; value: string }): SipReply {
  return { statusCode: 415, headers: [accepted] };
}
