import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

export const KEY_BYTES = 32;
const IV_BYTES = 12;
const TAG_BYTES = 16;

/**
 * A segment's key under the master key: 12 bytes IV, 32 bytes AES-256-GCM ciphertext, 16 bytes tag.
 */
export function wrapKey(masterKey: Buffer, key: Buffer, identity: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey, iv);
  cipher.setAAD(identity);
  return Buffer.concat([iv, cipher.update(key), cipher.final(), cipher.getAuthTag()]);
}

/** Throws when master key or identity are not those the key was wrapped with. */
export function unwrapKey(masterKey: Buffer, wrapped: Buffer, identity: Buffer): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', masterKey, wrapped.subarray(0, IV_BYTES));
  decipher.setAAD(identity);
  decipher.setAuthTag(wrapped.subarray(wrapped.length - TAG_BYTES));
  const key = decipher.update(wrapped.subarray(IV_BYTES, wrapped.length - TAG_BYTES));
  return Buffer.concat([key, decipher.final()]);
}
