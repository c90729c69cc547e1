import type { InviteRefusal } from '../domain/model/invite-refusal.ts';
import type { SipReply } from '../protocols/sip/message/types.ts';

/** An INVITE or UPDATE that is not carried out: its answer, and why, for the log and metrics. */
export interface Refused {
  readonly reason: InviteRefusal;
  readonly reply: SipReply;
}
