import {
  OutcomeUnknownError,
  RecorderBusyError,
  StoreUnavailableError,
  UccUnknownError,
} from '../domain/model/errors.ts';
import type { InviteRefusal } from '../domain/model/invite-refusal.ts';
import {
  MAX_SDP_CHARACTERS,
  MAX_SDP_LINE_CHARACTERS,
  MAX_SDP_LINES,
  MAX_SDP_MEDIA,
} from '../protocols/sdp/raw-media.ts';
import { SdpError, type SdpErrorReason } from '../protocols/sdp/types.ts';
import type { SipHeader, SipReply, SipRequest } from '../protocols/sip/message/types.ts';
import { bodyRefusal, isEncoded } from './body-refusal.ts';
import type { OfferFault } from './offer-answer.ts';
import type { Refused } from './refused.ts';

/** Seconds after which a client may retry when every port or call is taken. */
const RETRY_AFTER = '10';

/** RFC 3261 section 20.43 */
const warnings: Readonly<Record<OfferFault, string>> = {
  media: '304 hush "No audio is offered"',
  format: '305 hush "No codec is offered that is recorded"',
  transport: '302 hush "No profile or key is offered that is accepted"',
};

const offerRefusals: Readonly<Record<OfferFault, InviteRefusal>> = {
  media: 'noAudio',
  format: 'noCodec',
  transport: 'noProfile',
};

/** RFC 3261 section 13.3.1.3: the client is told why. */
export function notAcceptable(why: OfferFault): Refused {
  const headers = [{ name: 'Warning', value: warnings[why] }];
  const reply = { statusCode: 488, reason: 'Not Acceptable Here', headers };
  return { reason: offerRefusals[why], reply };
}

interface Bound {
  readonly reason: InviteRefusal;
  readonly statusCode: number;
  readonly text: string;
}

/** A description that exceeds a bound is refused by its name (RFC 3261 section 20.43, code 399). */
const bounds: Readonly<Partial<Record<SdpErrorReason, Bound>>> = {
  tooLarge: {
    reason: 'sdpTooLarge',
    statusCode: 413,
    text: `More than ${MAX_SDP_CHARACTERS} bytes of SDP, or ${MAX_SDP_LINE_CHARACTERS} in one line`,
  },
  tooManyLines: {
    reason: 'sdpTooLarge',
    statusCode: 413,
    text: `More than ${MAX_SDP_LINES} lines of SDP`,
  },
  tooManyMedia: {
    reason: 'tooManyMedia',
    statusCode: 488,
    text: `More than ${MAX_SDP_MEDIA} m-lines`,
  },
};

function answerToDescription(fault: SdpErrorReason): Refused {
  const bound = bounds[fault];
  if (!bound) {
    return { reason: 'sdpMalformed', reply: { statusCode: 400, reason: 'Bad Body' } };
  }
  const { reason, statusCode, text } = bound;
  const headers = [{ name: 'Warning', value: `399 hush "${text}"` }];
  return { reason, reply: { statusCode, headers } };
}

/** Maps errors to SIP answers, as the only place; unknown errors reveal nothing of themselves. */
export function answerToFailure(cause: unknown, request: SipRequest): Refused {
  if (cause instanceof SdpError) {
    const refusal = isEncoded(request) ? bodyRefusal(request) : undefined;
    return refusal ?? answerToDescription(cause.reason);
  }
  if (cause instanceof UccUnknownError) {
    return { reason: 'uccUnknown', reply: { statusCode: 404, reason: 'Unknown UCC' } };
  }
  if (cause instanceof RecorderBusyError) {
    return { reason: cause.reason, reply: tryAgain(486, 'Busy Here') };
  }
  if (cause instanceof StoreUnavailableError || cause instanceof OutcomeUnknownError) {
    return { reason: 'storeAway', reply: tryAgain(503, 'Service Unavailable') };
  }
  return { reason: 'internal', reply: { statusCode: 500, reason: 'Server Internal Error' } };
}

function tryAgain(statusCode: number, reason: string): SipReply {
  const headers: SipHeader[] = [{ name: 'Retry-After', value: RETRY_AFTER }];
  return { statusCode, reason, headers };
}
