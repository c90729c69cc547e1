import { createCipheriv, createSecretKey, timingSafeEqual } from 'node:crypto';
import { HmacSha1 } from './hmac-sha1.ts';
import type { PacketPlace, PacketSpan, Protection } from './protection.ts';
import type { SessionKeys } from './session-keys.ts';

const MAX_BLOCKS = 4_096;
const blockWords = new Int32Array(MAX_BLOCKS * 4);
const blocks = Buffer.from(blockWords.buffer);

/**
 * AES in counter mode and HMAC-SHA1 (RFC 3711 section 4). The key stream is the counter blocks
 * encrypted by one AES-ECB cipher that lives as long as the key: for 160 bytes that measured, from
 * run to run, 0.3 to 0.8 of the time of a `createDecipheriv('aes-128-ctr')` for every packet.
 */
export class CounterModeProtection implements Protection {
  readonly tagBytes: number;
  readonly #ecb;
  readonly #hmac: HmacSha1;
  readonly #salt: Buffer;
  readonly #counterWords = new Int32Array(4);
  readonly #counter = Buffer.from(this.#counterWords.buffer);

  constructor(keys: SessionKeys, tagBytes: number) {
    this.tagBytes = tagBytes;
    this.#ecb = createCipheriv('aes-128-ecb', createSecretKey(keys.key), null);
    this.#ecb.setAutoPadding(false);
    this.#hmac = new HmacSha1(keys.authenticationKey);
    this.#salt = Buffer.concat([keys.salt, Buffer.alloc(2)]);
  }

  open(packet: Buffer, span: PacketSpan, place: PacketPlace): boolean {
    const digest = this.#digest(packet, span, place);
    const tag = packet.subarray(span.tag, span.tag + this.tagBytes);
    if (!timingSafeEqual(digest, tag)) return false;
    if (span.encrypted) this.#applyKeyStream(packet, span, place);
    return true;
  }

  seal(packet: Buffer, span: PacketSpan, place: PacketPlace): void {
    if (span.encrypted) this.#applyKeyStream(packet, span, place);
    packet.set(this.#digest(packet, span, place), span.tag);
  }

  #digest(packet: Buffer, span: PacketSpan, place: PacketPlace): Buffer {
    const rollover = span.word < 0 ? place.high : -1;
    return this.#hmac.digest(packet, span.tag, rollover).subarray(0, this.tagBytes);
  }

  /** RFC 3711 section 4.1.1 */
  #applyKeyStream(packet: Buffer, { start, end }: PacketSpan, place: PacketPlace): void {
    if (end === start) return;
    this.#startCounter(place);
    const counter = this.#counterWords;
    const count = Math.ceil((end - start) / 16);
    for (let block = 0; block < count; block++) {
      blockWords[block * 4] = counter[0] as number;
      blockWords[block * 4 + 1] = counter[1] as number;
      blockWords[block * 4 + 2] = counter[2] as number;
      blockWords[block * 4 + 3] = counter[3] as number;
      blocks[block * 16 + 14] = block >> 8;
      blocks[block * 16 + 15] = block;
    }
    const stream = this.#ecb.update(blocks.subarray(0, count * 16));
    for (let at = start; at < end; at++) {
      packet[at] = (packet[at] as number) ^ (stream[at - start] as number);
    }
  }

  #startCounter({ ssrc, high, low }: PacketPlace): void {
    const counter = this.#counter;
    const salt = this.#salt;
    counter.set(salt);
    counter.writeUInt32BE((salt.readUInt32BE(4) ^ ssrc) >>> 0, 4);
    counter.writeUInt32BE((salt.readUInt32BE(8) ^ high) >>> 0, 8);
    counter.writeUInt16BE(salt.readUInt16BE(12) ^ low, 12);
  }
}
