import { createProtection } from './create-protection.ts';
import { MAX_DATAGRAM_BYTES, type Protection } from './protection.ts';
import { RecentSources } from './recent-sources.ts';
import { ReplayWindow } from './replay-window.ts';
import { rtpHeaderBytes } from './rtp-header.ts';
import type { SrtpSuite } from './suites.ts';

export const SRTP_WRONG_TAG = -1;
export const SRTP_REPLAYED = -2;
export const SRTP_MALFORMED = -3;

/** Most rollovers of a stream before a resumed receiver meets it: 23 hours at 50/s. */
export const MAX_ROLLOVERS = 64;

const SEQUENCES = 65_536;

export interface SrtpReceiverOptions {
  /**
   * True if the streams began before this receiver: their rollover counters are searched for, until
   * one is found and confirmed by a second packet.
   */
  readonly resumed?: boolean;
}

interface Source {
  readonly window: ReplayWindow;
  /** A second packet has authenticated. */
  confirmed: boolean;
}

/** The receiving side of a master key (RFC 3711 section 3.3). Not for SRTCP. */
export class SrtpReceiver {
  readonly #protection: Protection;
  #resumed: boolean;
  readonly #sources = new RecentSources<Source>();
  readonly #place = { ssrc: 0, high: 0, low: 0 };
  readonly #span = { start: 0, end: 0, tag: 0, word: -1, encrypted: true };

  /** Throws RangeError if the key and salt have not the suite's length. */
  constructor(suite: SrtpSuite, masterKeyAndSalt: Uint8Array, options: SrtpReceiverOptions = {}) {
    this.#protection = createProtection(suite, masterKeyAndSalt, 'srtp');
    this.#resumed = options.resumed ?? false;
  }

  /**
   * Decrypts in place. Returns the length of the RTP packet at the datagram's beginning, or one of
   * the negative constants, leaving the datagram unchanged.
   */
  unprotect(datagram: Buffer): number {
    const end = datagram.length - this.#protection.tagBytes;
    const start = rtpHeaderBytes(datagram, end);
    if (start < 0 || datagram.length > MAX_DATAGRAM_BYTES) return SRTP_MALFORMED;
    this.#span.start = start;
    this.#span.end = end;
    this.#span.tag = end;
    const ssrc = datagram.readUInt32BE(8);
    this.#place.ssrc = ssrc;
    this.#place.low = datagram.readUInt16BE(2);
    const source = this.#sources.get(ssrc);
    return source ? this.#next(datagram, source) : this.#first(datagram);
  }

  #next(datagram: Buffer, source: Source): number {
    const { low, ssrc } = this.#place;
    const index = estimateIndex(source.window.highest, low);
    if (!source.window.accepts(index)) return SRTP_REPLAYED;
    if (!this.#open(datagram, Math.floor(index / SEQUENCES))) {
      return this.#resumed && !source.confirmed ? this.#first(datagram) : SRTP_WRONG_TAG;
    }
    source.window.take(index);
    source.confirmed = true;
    this.#resumed = false;
    this.#sources.keep(ssrc, source);
    return this.#span.end;
  }

  #first(datagram: Buffer): number {
    const { low, ssrc } = this.#place;
    const rollover = this.#resumed ? this.#findRollover(datagram) : 0;
    if (rollover < 0 || !this.#open(datagram, rollover)) return SRTP_WRONG_TAG;
    const window = new ReplayWindow();
    window.take(rollover * SEQUENCES + low);
    this.#sources.keep(ssrc, { window, confirmed: false });
    return this.#span.end;
  }

  /**
   * Finds the rollover counter. A 32-bit tag fits a wrong one once in 2^32 tries. So all are tried,
   * a packet that fits two is refused, and a counter not confirmed by a second packet is searched
   * for again when a tag is wrong.
   */
  #findRollover(datagram: Buffer): number {
    const copy = Buffer.from(datagram);
    let found = -1;
    for (let rollover = 0; rollover <= MAX_ROLLOVERS; rollover++) {
      if (!this.#open(copy, rollover)) continue;
      if (found >= 0) return -1;
      if (this.#protection.tagBytes > 4) return rollover;
      found = rollover;
      datagram.copy(copy);
    }
    return found;
  }

  #open(datagram: Buffer, rollover: number): boolean {
    this.#place.high = rollover;
    return this.#protection.open(datagram, this.#span, this.#place);
  }
}

/** RFC 3711 section 3.3.1 and appendix A. Negative for packets before the first rollover. */
function estimateIndex(highest: number, sequence: number): number {
  const newest = highest % SEQUENCES;
  let rollover = (highest - newest) / SEQUENCES;
  if (newest < 32_768) {
    if (sequence - newest > 32_768) rollover -= 1;
  } else if (newest - 32_768 > sequence) rollover += 1;
  return rollover * SEQUENCES + sequence;
}
