interface RefusalRule {
  /** True where it costs a recording and no other alarm tells of that. */
  readonly raisesAlarm: boolean;
}

const alarming: RefusalRule = { raisesAlarm: true };
const quiet: RefusalRule = { raisesAlarm: false };

/**
 * Reasons for refusing an INVITE or UPDATE, in the log and in `hush_sip_invites_refused_total`. The
 * codes are stable; docs/operate/troubleshooting.md lists each with its answer and its cure.
 */
export const inviteRefusals = {
  // Refused by the SIP stack, before the body is read.
  malformed: quiet,
  tooLarge: quiet,
  overload: alarming,
  rateLimited: alarming,
  // `passwordGuessing` tells of them.
  unauthorized: quiet,
  guessing: quiet,
  /** A copy of an INVITE that was taken up. */
  merged: quiet,
  extensionRequired: alarming,
  uriScheme: alarming,
  contactMissing: alarming,
  // Refused for what is offered.
  noAudio: alarming,
  noCodec: alarming,
  noProfile: alarming,
  bodyType: alarming,
  bodyEncoding: alarming,
  sdpMalformed: alarming,
  sdpTooLarge: alarming,
  tooManyMedia: alarming,
  uccUnknown: alarming,
  /** The client retries with the interval that it was told. */
  sessionTimer: quiet,
  // Refused for lack of resources; `recorderUnavailable` tells of the first four.
  maxCalls: quiet,
  spoolFull: quiet,
  noPorts: quiet,
  recorderBusy: quiet,
  storeAway: alarming,
  stopping: quiet,
  internal: alarming,
  // Changes of a session, which goes on as it was.
  offerPending: quiet,
  sessionEnded: quiet,
} as const satisfies Record<string, RefusalRule>;
export type InviteRefusal = keyof typeof inviteRefusals;

export const inviteRefusalReasons = Object.keys(inviteRefusals) as readonly InviteRefusal[];
