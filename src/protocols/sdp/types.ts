/** RFC 8866 section 6.7, from the point of view of the description's sender. */
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

/** One `a=crypto` (RFC 4568): protection of the packets that its sender sends. */
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
   * is 0.0.0.0 or ::, which is how older clients signal hold (RFC 3264 section 8.4).
   */
  readonly direction: SdpDirection;
  /** Unchanged except for the dropped multicast suffix; undefined if neither level has a c-line. */
  readonly connectionAddress: string | undefined;
  /** RFC 4574, exactly as written: `007` is not `7`. */
  readonly label: string | undefined;
  /** All formats of the m-line, known or not; an answer that refuses the m-line repeats them. */
  readonly formats: readonly string[];
  /** Formats with an rtpmap or a static type of RFC 3551, in order of preference. */
  readonly payloads: readonly SdpPayload[];
  readonly ptimeMs: number | undefined;
  /** Attributes with a usable key, in order of preference. */
  readonly crypto: readonly SdpCrypto[];
  /** RFC 5761: control packets may come at the same port. */
  readonly rtcpMux: boolean;
  /** RFC 3605: address for control packets, unless it is the port above; literal addresses. */
  readonly rtcp: { readonly port: number; readonly address: string | undefined } | undefined;
}

/** A session description; an answer has the same form. */
export interface SdpOffer {
  /** From the o-line; the version rises when a description changes (RFC 3264 section 8). */
  readonly sessionVersion: string | undefined;
  readonly media: readonly SdpMedia[];
}

export type SdpErrorReason = 'tooLarge' | 'tooManyLines' | 'tooManyMedia' | 'noMedia' | 'malformed';

/** The text is not a usable session description. The message never quotes it. */
export class SdpError extends Error {
  override readonly name = 'SdpError';
  readonly reason: SdpErrorReason;

  constructor(reason: SdpErrorReason) {
    super(`Session description refused: ${reason}`);
    this.reason = reason;
  }
}
