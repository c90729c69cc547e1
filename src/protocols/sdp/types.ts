/** RFC 8866 section 6.7, as the sender of the description means it. */
export type SdpDirection = 'sendrecv' | 'sendonly' | 'recvonly' | 'inactive';

export interface SdpPayload {
  /** 0 to 127 */
  readonly payloadType: number;
  /** Upper case: `PCMU`, `TELEPHONE-EVENT`. */
  readonly encoding: string;
  /** Hz, as the rtpmap says it (8000 for G.722, RFC 3551 section 4.5.2). */
  readonly clockRate: number;
  readonly channels: number;
  /** Format parameters as they were written. */
  readonly fmtp: string | undefined;
}

/** One `a=crypto` (RFC 4568): how its sender protects the packets that it sends. */
export interface SdpCrypto {
  readonly tag: number;
  /** Upper case, known or not. */
  readonly suite: string;
  /** Master key and salt. Never logged. */
  readonly key: Buffer;
}

export interface SdpMedia {
  /** Place among the m-lines, from 0; an answer has the same m-lines in the same order. */
  readonly index: number;
  /** `audio`, `video`, `image`, ... */
  readonly kind: string;
  /** 0: the m-line is refused or no longer used (RFC 3264 section 8.2). */
  readonly port: number;
  /** `RTP/AVP`, `RTP/SAVP`, `udptl`, ... */
  readonly protocol: string;
  /**
   * Media level before session level before `sendrecv`; `inactive` whenever the connection address
   * is 0.0.0.0 or ::, which is how older clients say hold (RFC 3264 section 8.4).
   */
  readonly direction: SdpDirection;
  /** As written, multicast suffix dropped; undefined if neither level has a c-line. */
  readonly connectionAddress: string | undefined;
  /** RFC 4574, exactly as written: `007` is not `7`. */
  readonly label: string | undefined;
  /** What the m-line lists, known or not; an answer that refuses the m-line repeats it. */
  readonly formats: readonly string[];
  /** The formats with a meaning, in order of preference: an rtpmap or a static type of RFC 3551. */
  readonly payloads: readonly SdpPayload[];
  readonly ptimeMs: number | undefined;
  /** Those with a key that can be used, in order of preference. */
  readonly crypto: readonly SdpCrypto[];
  /** RFC 5761: control packets may come at the same port. */
  readonly rtcpMux: boolean;
  /** RFC 3605: where control packets are wanted, if not at the port above; literal addresses. */
  readonly rtcp: { readonly port: number; readonly address: string | undefined } | undefined;
}

/** A session description; an answer reads the same way. */
export interface SdpOffer {
  /** Of the o-line; the version rises when a description changes (RFC 3264 section 8). */
  readonly sessionVersion: string | undefined;
  readonly media: readonly SdpMedia[];
}

export type SdpErrorReason = 'tooLarge' | 'tooManyLines' | 'tooManyMedia' | 'noMedia' | 'malformed';

/** What was sent is no usable session description. Never quotes it. */
export class SdpError extends Error {
  override readonly name = 'SdpError';
  readonly reason: SdpErrorReason;

  constructor(reason: SdpErrorReason) {
    super(`Session description refused: ${reason}`);
    this.reason = reason;
  }
}
