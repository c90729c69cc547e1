import { RecorderBusyError, UccUnknownError } from '../domain/errors.ts';
import type { SipReply, SipRequest } from '../protocols/sip/types.ts';
import { bodyRefusal, isEncoded } from './body-refusal.ts';
import { isBadBody } from './invite-body.ts';
import type { OfferFault } from './offer-answer.ts';

/** Seconds after which a client may try again when every port or call is taken. */
const RETRY_AFTER = '10';

/** RFC 3261 section 20.43 */
const warnings: Readonly<Record<OfferFault, string>> = {
  media: '304 hush "No audio is offered"',
  format: '305 hush "No codec is offered that is recorded"',
  transport: '302 hush "No profile or key is offered that is accepted"',
};

/** RFC 3261 section 13.3.1.3: the client is told why. */
export function notAcceptable(why: OfferFault): SipReply {
  const headers = [{ name: 'Warning', value: warnings[why] }];
  return { statusCode: 488, reason: 'Not Acceptable Here', headers };
}

/** The one map from what went wrong to the SIP answer; what is unknown says nothing of itself. */
export function answerToFailure(cause: unknown, request: SipRequest): SipReply {
  if (isBadBody(cause)) {
    const refusal = isEncoded(request) ? bodyRefusal(request) : undefined;
    return refusal ?? { statusCode: 400, reason: 'Bad Body' };
  }
  if (cause instanceof UccUnknownError) return { statusCode: 404, reason: 'Unknown UCC' };
  if (cause instanceof RecorderBusyError) {
    const headers = [{ name: 'Retry-After', value: RETRY_AFTER }];
    return { statusCode: 486, reason: 'Busy Here', headers };
  }
  return { statusCode: 500, reason: 'Server Internal Error' };
}
