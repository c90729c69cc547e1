/** RFC 4568 section 6.2 and RFC 7714 section 14.2, as they are written in a=crypto. */
export type SrtpSuite =
  | 'AES_CM_128_HMAC_SHA1_80'
  | 'AES_CM_128_HMAC_SHA1_32'
  | 'AEAD_AES_128_GCM'
  | 'AEAD_AES_256_GCM';

export interface SrtpSuiteLengths {
  readonly cipher: 'counterMode' | 'gcm';
  readonly keyBytes: number;
  readonly saltBytes: number;
  readonly tagBytes: number;
  /** The suite with the short tag keeps the long one for SRTCP (RFC 4568 section 6.2.2). */
  readonly srtcpTagBytes: number;
}

const counterMode = {
  cipher: 'counterMode',
  keyBytes: 16,
  saltBytes: 14,
  srtcpTagBytes: 10,
} as const;
const gcm = { cipher: 'gcm', saltBytes: 12, tagBytes: 16, srtcpTagBytes: 16 } as const;

export const srtpSuites: Readonly<Record<SrtpSuite, SrtpSuiteLengths>> = {
  AES_CM_128_HMAC_SHA1_80: { ...counterMode, tagBytes: 10 },
  AES_CM_128_HMAC_SHA1_32: { ...counterMode, tagBytes: 4 },
  AEAD_AES_128_GCM: { ...gcm, keyBytes: 16 },
  AEAD_AES_256_GCM: { ...gcm, keyBytes: 32 },
};
