import { createCipheriv, createDecipheriv, createHash, randomBytes } from 'node:crypto';

export const KEY_BYTES = 32;
export const MASTER_KEY_ID_BYTES = 6;
const IV_BYTES = 12;
const TAG_BYTES = 16;

const ids = new WeakMap<Buffer, Buffer>();

/** Names a master key without revealing it; the id precedes everything that the key wraps. */
export function masterKeyId(masterKey: Buffer): Buffer {
  let id = ids.get(masterKey);
  if (!id) {
    const digest = createHash('sha256').update('hush/master-key').update(masterKey).digest();
    id = digest.subarray(0, MASTER_KEY_ID_BYTES);
    ids.set(masterKey, id);
  }
  return id;
}

/**
 * Wraps a secret under the master key: 6 bytes of the master key's id, 12 bytes IV, AES-256-GCM
 * ciphertext, 16 bytes tag. The identity it belongs to is authenticated.
 */
export function wrapKey(masterKey: Buffer, key: Buffer, identity: Buffer): Buffer {
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', masterKey, iv);
  cipher.setAAD(identity);
  const sealed = [iv, cipher.update(key), cipher.final(), cipher.getAuthTag()];
  return Buffer.concat([masterKeyId(masterKey), ...sealed]);
}

/** Returns true if it was wrapped under that master key. */
export function isWrappedBy(masterKey: Buffer, wrapped: Buffer): boolean {
  return masterKeyId(masterKey).equals(wrapped.subarray(0, MASTER_KEY_ID_BYTES));
}

/**
 * Throws when master key or identity are not those the key was wrapped with. An older release put
 * no id before it.
 */
export function unwrapKey(masterKey: Buffer, wrapped: Buffer, identity: Buffer): Buffer {
  const start = isWrappedBy(masterKey, wrapped) ? MASTER_KEY_ID_BYTES : 0;
  const ivEnd = start + IV_BYTES;
  const decipher = createDecipheriv('aes-256-gcm', masterKey, wrapped.subarray(start, ivEnd));
  decipher.setAAD(identity);
  decipher.setAuthTag(wrapped.subarray(wrapped.length - TAG_BYTES));
  const key = decipher.update(wrapped.subarray(ivEnd, wrapped.length - TAG_BYTES));
  return Buffer.concat([key, decipher.final()]);
}
