import { createProtection } from './create-protection.ts';
import { MAX_DATAGRAM_BYTES, type Protection } from './protection.ts';
import { RecentSources } from './recent-sources.ts';
import { ReplayWindow } from './replay-window.ts';
import { type SrtpSuite, srtpSuites } from './suites.ts';

/** The first RTCP header and its SSRC stay in the clear. */
const CLEAR_BYTES = 8;
const WORD_BYTES = 4;
const ENCRYPTED = 0x8000_0000;
const MAX_INDEX = 0x7fff_ffff;

/** The receiving side of SRTCP (RFC 3711 section 3.4, RFC 7714 section 9). */
export class SrtcpReceiver {
  readonly #protection: Protection;
  readonly #tagFirst: boolean;
  readonly #windows = new RecentSources<ReplayWindow>();

  /** Throws RangeError if the key and salt have not the suite's length. */
  constructor(suite: SrtpSuite, masterKeyAndSalt: Uint8Array) {
    this.#protection = createProtection(suite, masterKeyAndSalt, 'srtcp');
    this.#tagFirst = srtpSuites[suite].cipher === 'gcm';
  }

  /** Decrypts the compound packet in place; undefined if it is malformed, forged or replayed. */
  unprotect(datagram: Buffer): Buffer | undefined {
    const { tagBytes } = this.#protection;
    const end = datagram.length - tagBytes - WORD_BYTES;
    if (end < CLEAR_BYTES || datagram.length > MAX_DATAGRAM_BYTES) return undefined;
    if ((datagram[0] as number) >> 6 !== 2) return undefined;
    const span = spanOf(end, tagBytes, this.#tagFirst);
    const written = datagram.readUInt32BE(span.word);
    const index = written % ENCRYPTED;
    const ssrc = datagram.readUInt32BE(4);
    const window = this.#windows.get(ssrc) ?? new ReplayWindow();
    if (!window.accepts(index)) return undefined;
    span.encrypted = written >= ENCRYPTED;
    if (!this.#protection.open(datagram, span, placeOf(ssrc, index))) return undefined;
    window.take(index);
    this.#windows.keep(ssrc, window);
    return datagram.subarray(0, end);
  }
}

/** The sending side of SRTCP for one SSRC. */
export class SrtcpSender {
  readonly #protection: Protection;
  readonly #tagFirst: boolean;
  #index = 0;

  /** Throws RangeError if the key and salt have not the suite's length. */
  constructor(suite: SrtpSuite, masterKeyAndSalt: Uint8Array) {
    this.#protection = createProtection(suite, masterKeyAndSalt, 'srtcp');
    this.#tagFirst = srtpSuites[suite].cipher === 'gcm';
  }

  /** Leaves the packet unchanged. Throws RangeError if it is too short or too long. */
  protect(packet: Buffer): Buffer {
    const { tagBytes } = this.#protection;
    const protectedPacket = Buffer.alloc(packet.length + tagBytes + WORD_BYTES);
    if (packet.length < CLEAR_BYTES || protectedPacket.length > MAX_DATAGRAM_BYTES) {
      throw new RangeError('Not RTCP');
    }
    packet.copy(protectedPacket);
    this.#index = (this.#index + 1) % (MAX_INDEX + 1);
    const span = spanOf(packet.length, tagBytes, this.#tagFirst);
    protectedPacket.writeUInt32BE(ENCRYPTED + this.#index, span.word);
    this.#protection.seal(protectedPacket, span, placeOf(packet.readUInt32BE(4), this.#index));
    return protectedPacket;
  }
}

/** Returns the span: GCM has its tag before the word with the index, HMAC after it. */
function spanOf(end: number, tagBytes: number, tagFirst: boolean) {
  const tag = tagFirst ? end : end + WORD_BYTES;
  const word = tagFirst ? end + tagBytes : end;
  return { start: CLEAR_BYTES, end, tag, word, encrypted: true };
}

function placeOf(ssrc: number, index: number) {
  return { ssrc, high: index >>> 16, low: index & 0xffff };
}
