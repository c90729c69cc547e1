import { createCipheriv } from 'node:crypto';
import { type SrtpSuite, srtpSuites } from './suites.ts';

export interface SessionKeys {
  readonly key: Buffer;
  /** Empty for GCM, which authenticates by itself. */
  readonly authenticationKey: Buffer;
  readonly salt: Buffer;
}

const HMAC_KEY_BYTES = 20;
/** RFC 3711 section 4.3.2: key, authentication key and salt have the labels 0, 1, 2 and 3, 4, 5. */
const firstLabels = { srtp: 0, srtcp: 3 };

/**
 * Derives the session keys of RFC 3711 section 4.3 with a key derivation rate of 0 (RFC 7714
 * section 11 for GCM). Throws RangeError if the master key and salt have not the suite's length.
 */
export function deriveSessionKeys(
  suite: SrtpSuite,
  master: Uint8Array,
  use: 'srtp' | 'srtcp',
): SessionKeys {
  const { cipher, keyBytes, saltBytes } = srtpSuites[suite];
  if (master.length !== keyBytes + saltBytes) throw new RangeError('Wrong length of master key');
  const key = master.subarray(0, keyBytes);
  const salt = master.subarray(keyBytes);
  const label = firstLabels[use];
  return {
    key: derive(key, salt, label, keyBytes),
    authenticationKey: derive(key, salt, label + 1, cipher === 'gcm' ? 0 : HMAC_KEY_BYTES),
    salt: derive(key, salt, label + 2, saltBytes),
  };
}

function derive(key: Uint8Array, salt: Uint8Array, label: number, bytes: number): Buffer {
  const counter = Buffer.alloc(16);
  counter.set(salt);
  counter[7] = (counter[7] ?? 0) ^ label;
  return createCipheriv(`aes-${key.length * 8}-ctr`, key, counter).update(Buffer.alloc(bytes));
}
