import type { Codec } from './track.ts';

/** The agreement on a stream's packets, which a re-INVITE or UPDATE may change. */
export interface MediaAgreement {
  readonly codec: Codec;
  readonly payloadType: number;
  /** Other payloads that the client may send any time, in the same clock (RFC 3264 section 7). */
  readonly others?: readonly AudioPayload[];
  /** RFC 4733 payload type, when one was negotiated: its packets are never stored. */
  readonly dtmfPayloadType: number | null;
  /** RFC 3389 payload type: 13, or the negotiated one. */
  readonly comfortNoisePayloadType: number | null;
  readonly source: MediaSource;
  readonly rtcp: RtcpRoute;
  /** null: plain RTP. */
  readonly srtp: SrtpKeys | null;
}

export interface AudioPayload {
  readonly codec: Codec;
  readonly payloadType: number;
}

/**
 * The client's stated address for sending and receiving a stream: the address and the port of its
 * own m-line (RFC 3264 section 5.1). Both are null where no packets can come from it: a null
 * address, a host name. Behind a NAT, packets come from elsewhere.
 */
export interface MediaSource {
  readonly address: string | null;
  readonly port: number | null;
}

export const unnamedSource: MediaSource = { address: null, port: null };

/** Route of a stream's control packets. */
export interface RtcpRoute {
  /** True for the stream's own port (RFC 5761); else the one above it. */
  readonly mux: boolean;
  /** Address for reports until the client has sent one itself; null: none yet. */
  readonly address: string | null;
  readonly port: number | null;
}

export const srtpSuites = [
  'AES_CM_128_HMAC_SHA1_80',
  'AES_CM_128_HMAC_SHA1_32',
  'AEAD_AES_128_GCM',
  'AEAD_AES_256_GCM',
] as const;
export type SrtpSuite = (typeof srtpSuites)[number];

/** `required`: unprotected audio is refused. */
export const srtpPolicies = ['optional', 'required'] as const;
export type SrtpPolicy = (typeof srtpPolicies)[number];

/** Keys by SDES (RFC 4568): master key followed by salt. Never logged. */
export interface SrtpKeys {
  readonly suite: SrtpSuite;
  /** Key of the client's packets. */
  readonly remote: Uint8Array;
  /** Key of our own reports. */
  readonly local: Uint8Array;
}
