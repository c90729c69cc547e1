import { RecorderBusyError, UccUnknownError } from '../domain/errors.ts';
import type { SipReply } from '../protocols/sip/types.ts';
import { isBadBody } from './invite-body.ts';

/** Seconds after which a client may try again when every port or call is taken. */
const RETRY_AFTER = '10';

export const notAcceptable: SipReply = { statusCode: 488, reason: 'Not Acceptable Here' };

/** The one map from what went wrong to the SIP answer; what is unknown says nothing of itself. */
export function answerToFailure(cause: unknown): SipReply {
  if (isBadBody(cause)) return { statusCode: 400, reason: 'Bad Body' };
  if (cause instanceof UccUnknownError) return { statusCode: 404, reason: 'Unknown UCC' };
  if (cause instanceof RecorderBusyError) {
    const headers = [{ name: 'Retry-After', value: RETRY_AFTER }];
    return { statusCode: 486, reason: 'Busy Here', headers };
  }
  return { statusCode: 500, reason: 'Server Internal Error' };
}
