import { header, headerValues } from '../protocols/sip/message/headers.ts';
import { ACCEPT } from '../protocols/sip/message/identity.ts';
import type { SipReply, SipRequest } from '../protocols/sip/message/types.ts';
import type { InviteBody } from './invite-body.ts';

/**
 * Returns 415 for a body in which nothing was found, listing the accepted types (RFC 3261 sections
 * 8.2.3 and 21.4.13); undefined if it was read, or may be ignored.
 */
export function bodyRefusal(
  request: SipRequest,
  { offer, hasMetadata }: Partial<InviteBody> = {},
): SipReply | undefined {
  if (request.body.length === 0 || offer || hasMetadata || isOptional(request)) return undefined;
  return { statusCode: 415, headers: [isEncoded(request) ? acceptedEncoding : acceptedTypes] };
}

/** True for a body that is unreadable because of its encoding, not of its contents. */
export function isEncoded(request: SipRequest): boolean {
  const encodings = headerValues(request, 'Content-Encoding');
  return encodings.some((name) => name.toLowerCase() !== 'identity');
}

/** Requests no package, so that none may come (RFC 6086 section 4.2.2). */
export function answerToInfo(request: SipRequest): SipReply {
  if (header(request, 'Info-Package') === undefined) return { statusCode: 200 };
  return { statusCode: 469, headers: [{ name: 'Recv-Info', value: '' }] };
}

const acceptedTypes = { name: 'Accept', value: ACCEPT };
const acceptedEncoding = { name: 'Accept-Encoding', value: 'identity' };

/** RFC 3261 section 20.11: unless it says otherwise, a body must be understood. */
function isOptional(request: SipRequest): boolean {
  return /;\s*handling\s*=\s*optional\b/i.test(header(request, 'Content-Disposition') ?? '');
}
