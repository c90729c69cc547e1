interface RefusalRule {
  /** A client's call is not recorded because of it, and no other alarm tells. */
  readonly raisesAlarm: boolean;
}

const alarming: RefusalRule = { raisesAlarm: true };
const quiet: RefusalRule = { raisesAlarm: false };

/**
 * Why an INVITE or UPDATE is refused, as the log and `hush_sip_invites_refused_total` tell. These
 * codes are stable; docs/operate/troubleshooting.md lists each with its answer and its cure.
 */
export const inviteRefusals = {
  // Answered before it is taken up.
  malformed: quiet,
  tooLarge: quiet,
  overload: alarming,
  rateLimited: alarming,
  // `passwordGuessing` tells of them.
  unauthorized: quiet,
  guessing: quiet,
  /** The same INVITE came by another way, and that one was taken up. */
  merged: quiet,
  extensionRequired: alarming,
  uriScheme: alarming,
  contactMissing: alarming,
  // What it offers.
  noAudio: alarming,
  noCodec: alarming,
  noProfile: alarming,
  bodyType: alarming,
  bodyEncoding: alarming,
  sdpMalformed: alarming,
  sdpTooLarge: alarming,
  tooManyMedia: alarming,
  uccUnknown: alarming,
  /** The client asks again, with what it was told. */
  sessionTimer: quiet,
  // What Hush has left; `recorderUnavailable` tells.
  maxCalls: quiet,
  spoolFull: quiet,
  noPorts: quiet,
  recorderBusy: quiet,
  storeAway: alarming,
  stopping: quiet,
  internal: alarming,
  // Of a session that goes on as it was.
  offerPending: quiet,
  sessionEnded: quiet,
} as const satisfies Record<string, RefusalRule>;
export type InviteRefusal = keyof typeof inviteRefusals;

export const inviteRefusalReasons = Object.keys(inviteRefusals) as readonly InviteRefusal[];
