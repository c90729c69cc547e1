/** Base of all errors of this library; `code` is stable, messages carry no content. */
export class SipError extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = new.target.name;
    this.code = code;
  }
}

/** No final answer within 64*T1 (RFC 3261 section 17.1), or none to an INVITE that kept ringing. */
export class SipTimeoutError extends SipError {
  constructor(method: string) {
    super('SIP_TIMEOUT', `no final answer to ${method} in time`);
  }
}

/** A 3xx to 6xx answer; 503 also stands for a failed transport (RFC 3261 section 8.1.3.1). */
export class SipRejectedError extends SipError {
  readonly statusCode: number;
  readonly reason: string;

  constructor(statusCode: number, reason: string) {
    super('SIP_REJECTED', `rejected with ${statusCode} ${reason}`);
    this.statusCode = statusCode;
    this.reason = reason;
  }
}

/** The user agent was closed while a request was under way. */
export class SipClosedError extends SipError {
  constructor() {
    super('SIP_CLOSED', 'the SIP user agent is closed');
  }
}

/** The caller broke the contract: accepted an INVITE twice, or one that was cancelled. */
export class SipUsageError extends SipError {
  constructor(message: string) {
    super('SIP_USAGE', message);
  }
}

/** A listening port could not be taken. */
export class SipBindError extends SipError {
  constructor(place: string, cause: string) {
    super('SIP_BIND', `cannot listen for SIP on ${place}: ${cause}`);
  }
}
