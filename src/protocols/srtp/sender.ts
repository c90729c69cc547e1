import { createProtection } from './create-protection.ts';
import { MAX_DATAGRAM_BYTES, type Protection } from './protection.ts';
import { rtpHeaderBytes } from './rtp-header.ts';
import type { SrtpSuite } from './suites.ts';

/** The sending side of a master key for one SSRC, whose packets come in order. */
export class SrtpSender {
  readonly #protection: Protection;
  #rollover = 0;
  #lastSequence = -1;

  /** Throws RangeError if the key and salt have not the suite's length. */
  constructor(suite: SrtpSuite, masterKeyAndSalt: Uint8Array) {
    this.#protection = createProtection(suite, masterKeyAndSalt, 'srtp');
  }

  /** Leaves the packet unchanged. Throws RangeError for anything other than an RTP packet. */
  protect(packet: Buffer): Buffer {
    const end = packet.length;
    const start = rtpHeaderBytes(packet, end);
    const protectedPacket = Buffer.alloc(end + this.#protection.tagBytes);
    if (start < 0 || protectedPacket.length > MAX_DATAGRAM_BYTES) throw new RangeError('Not RTP');
    packet.copy(protectedPacket);
    const low = packet.readUInt16BE(2);
    if (low < this.#lastSequence) this.#rollover += 1;
    this.#lastSequence = low;
    this.#protection.seal(
      protectedPacket,
      { start, end, tag: end, word: -1, encrypted: true },
      { ssrc: packet.readUInt32BE(8), high: this.#rollover, low },
    );
    return protectedPacket;
  }
}
