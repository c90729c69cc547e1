import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto';
import type { PacketPlace, PacketSpan, Protection } from './protection.ts';
import type { SessionKeys } from './session-keys.ts';

const TAG_BYTES = 16;
const WORD_BYTES = 4;
const tagLength = { authTagLength: TAG_BYTES };

/** AES-GCM (RFC 7714 sections 8 and 9). OpenSSL compares the tags in constant time. */
export class GcmProtection implements Protection {
  readonly tagBytes = TAG_BYTES;
  readonly #algorithm: 'aes-128-gcm' | 'aes-256-gcm';
  readonly #key: KeyObject;
  readonly #salt: Buffer;
  readonly #vector = Buffer.alloc(12);

  constructor(keys: SessionKeys) {
    this.#algorithm = keys.key.length === 16 ? 'aes-128-gcm' : 'aes-256-gcm';
    this.#key = createSecretKey(keys.key);
    this.#salt = keys.salt;
  }

  open(packet: Buffer, span: PacketSpan, place: PacketPlace): boolean {
    const vector = this.#vectorOf(place);
    const decipher = createDecipheriv(this.#algorithm, this.#key, vector, tagLength);
    decipher.setAAD(clearPart(packet, span));
    decipher.setAuthTag(packet.subarray(span.tag, span.tag + TAG_BYTES));
    const plain = span.encrypted
      ? decipher.update(packet.subarray(span.start, span.end))
      : undefined;
    try {
      decipher.final();
    } catch {
      return false;
    }
    if (plain) packet.set(plain, span.start);
    return true;
  }

  seal(packet: Buffer, span: PacketSpan, place: PacketPlace): void {
    const cipher = createCipheriv(this.#algorithm, this.#key, this.#vectorOf(place), tagLength);
    cipher.setAAD(clearPart(packet, span));
    if (span.encrypted) {
      packet.set(cipher.update(packet.subarray(span.start, span.end)), span.start);
    }
    cipher.final();
    packet.set(cipher.getAuthTag(), span.tag);
  }

  /** RFC 7714 sections 8.1 and 9.1; the SRTCP index is the lower 32 of the same 48 bits. */
  #vectorOf({ ssrc, high, low }: PacketPlace): Buffer {
    const vector = this.#vector;
    const salt = this.#salt;
    vector.set(salt);
    vector.writeUInt32BE((salt.readUInt32BE(2) ^ ssrc) >>> 0, 2);
    vector.writeUInt32BE((salt.readUInt32BE(6) ^ high) >>> 0, 6);
    vector.writeUInt16BE(salt.readUInt16BE(10) ^ low, 10);
    return vector;
  }
}

function clearPart(packet: Buffer, { start, end, word, encrypted }: PacketSpan): Buffer {
  const clear = packet.subarray(0, encrypted ? start : end);
  return word < 0 ? clear : Buffer.concat([clear, packet.subarray(word, word + WORD_BYTES)]);
}
