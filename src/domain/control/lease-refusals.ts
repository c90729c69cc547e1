/** Reasons for refusing to take, renew or release a lease; `status` is the HTTP status. */
export const leaseRefusals = {
  callUnknown: { status: 404, message: 'No such call is in progress.' },
  noSuchLease: { status: 404, message: 'The owner holds no pause of this call.' },
  notYourLease: { status: 403, message: 'Somebody else took this pause: its owner gives it back.' },
  requesterInvalid: { status: 400, message: 'requester is neither a SIP nor a tel URI.' },
  requesterNotBearer: { status: 403, message: 'You may not command on behalf of that requester.' },
  requesterNotMember: {
    status: 403,
    message: 'The requester is not an agent or supervisor of a UCC of this call.',
  },
  editDisabled: { status: 403, message: "The UCC's recordings may not be commanded." },
  recorderUnavailable: { status: 503, message: 'The recorder is not available.' },
  versionMismatch: { status: 412, message: 'The call has changed since that version.' },
  tooManyOwners: { status: 409, message: 'You hold too many pauses of this call already.' },
  keyReused: { status: 422, message: 'The idempotency key was used for another request.' },
  keySpent: { status: 409, message: 'The lease of this idempotency key is over.' },
  lookbackTooLong: {
    status: 400,
    message: "lookbackMs is more than the UCC's pauseLookbackMs: older audio is stored already.",
  },
  processingFailed: {
    status: 503,
    message: 'The pause could not be confirmed; nothing is recorded. Please try again.',
  },
} as const satisfies Record<string, { status: number; message: string }>;

export type LeaseRefusalCode = keyof typeof leaseRefusals;

export interface LeaseRefusal {
  readonly code: LeaseRefusalCode;
  readonly status: number;
  readonly message: string;
}
