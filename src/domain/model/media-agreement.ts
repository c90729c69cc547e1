import type { Codec } from './track.ts';

/** What was agreed on for a stream's packets; a re-INVITE or UPDATE may change it. */
export interface MediaAgreement {
  readonly codec: Codec;
  readonly payloadType: number;
  /** What else the client may send at any time, in the same clock (RFC 3264 section 7). */
  readonly others?: readonly AudioPayload[];
  /** RFC 4733 payload type, when one was negotiated: its packets are never stored. */
  readonly dtmfPayloadType: number | null;
  /** RFC 3389 payload type: 13, or what was negotiated. */
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
 * Where the client says that it sends a stream from and receives at: the address and the port of
 * its own m-line (RFC 3264 section 5.1). Both null where it names none that packets can come from:
 * a null address, a host name. Behind a NAT, packets come from elsewhere.
 */
export interface MediaSource {
  readonly address: string | null;
  readonly port: number | null;
}

export const unnamedSource: MediaSource = { address: null, port: null };

/** Where a stream's control packets go and come from. */
export interface RtcpRoute {
  /** On the stream's own port (RFC 5761); else on the one above it. */
  readonly mux: boolean;
  /** Where the client wants reports, until it has sent one itself; null: nowhere yet. */
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

/** `required`: audio that comes unprotected is refused. */
export const srtpPolicies = ['optional', 'required'] as const;
export type SrtpPolicy = (typeof srtpPolicies)[number];

/** Keys by SDES (RFC 4568): master key and salt, one behind the other. Never logged. */
export interface SrtpKeys {
  readonly suite: SrtpSuite;
  /** What the client protects its packets with. */
  readonly remote: Uint8Array;
  /** What our own reports are protected with. */
  readonly local: Uint8Array;
}
