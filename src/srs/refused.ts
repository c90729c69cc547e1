import type { InviteRefusal } from '../domain/model/invite-refusal.ts';
import type { SipReply } from '../protocols/sip/message/types.ts';

/** Answer to an INVITE or UPDATE that is refused, and its reason for log and metrics. */
export interface Refused {
  readonly reason: InviteRefusal;
  readonly reply: SipReply;
}
