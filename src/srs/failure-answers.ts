import {
  OutcomeUnknownError,
  RecorderBusyError,
  StoreUnavailableError,
  UccUnknownError,
} from '../domain/model/errors.ts';
import {
  MAX_SDP_CHARACTERS,
  MAX_SDP_LINE_CHARACTERS,
  MAX_SDP_LINES,
  MAX_SDP_MEDIA,
} from '../protocols/sdp/raw-media.ts';
import { SdpError, type SdpErrorReason } from '../protocols/sdp/types.ts';
import type { SipReply, SipRequest } from '../protocols/sip/message/types.ts';
import { bodyRefusal, isEncoded } from './body-refusal.ts';
import type { OfferFault } from './offer-answer.ts';

/** Seconds after which a client may retry when every port or call is taken. */
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

/** A description that exceeds a bound is refused by its name (RFC 3261 section 20.43, code 399). */
const bounds: Readonly<Partial<Record<SdpErrorReason, { statusCode: number; text: string }>>> = {
  tooLarge: {
    statusCode: 413,
    text: `More than ${MAX_SDP_CHARACTERS} bytes of SDP, or ${MAX_SDP_LINE_CHARACTERS} in one line`,
  },
  tooManyLines: {
    statusCode: 413,
    text: `More than ${MAX_SDP_LINES} lines of SDP`,
  },
  tooManyMedia: {
    statusCode: 488,
    text: `More than ${MAX_SDP_MEDIA} m-lines`,
  },
};

function answerToDescription(reason: SdpErrorReason): SipReply {
  const bound = bounds[reason];
  if (!bound) return { statusCode: 400, reason: 'Bad Body' };
  const headers = [{ name: 'Warning', value: `399 hush "${bound.text}"` }];
  return { statusCode: bound.statusCode, headers };
}

/** Maps errors to SIP answers, as the only place; unknown errors reveal nothing of themselves. */
export function answerToFailure(cause: unknown, request: SipRequest): SipReply {
  if (cause instanceof SdpError) {
    const refusal = isEncoded(request) ? bodyRefusal(request) : undefined;
    return refusal ?? answerToDescription(cause.reason);
  }
  if (cause instanceof UccUnknownError) return { statusCode: 404, reason: 'Unknown UCC' };
  if (cause instanceof RecorderBusyError) {
    const headers = [{ name: 'Retry-After', value: RETRY_AFTER }];
    return { statusCode: 486, reason: 'Busy Here', headers };
  }
  if (cause instanceof StoreUnavailableError || cause instanceof OutcomeUnknownError) {
    const headers = [{ name: 'Retry-After', value: RETRY_AFTER }];
    return { statusCode: 503, reason: 'Service Unavailable', headers };
  }
  return { statusCode: 500, reason: 'Server Internal Error' };
}
