import type { ReportBlock, SenderReport } from '../../protocols/rtp/rtcp.ts';

const CYCLE = 65_536;
/** RFC 3550 appendix A.1: a larger jump, forward or back, means that the source restarted. */
export const MAX_DROPOUT = 3_000;
export const MAX_MISORDER = 100;
/** Units of a 32-bit fixed-point time per ms. */
const NTP_UNITS_PER_MS = 65.536;

/** Reception statistics for reports to a stream's sender (RFC 3550 section 6.4, appendix A.3). */
export class Reception {
  #ssrc: number | undefined;
  #first = 0;
  #highest = 0;
  #cycles = 0;
  #received = 0;
  #expectedBefore = 0;
  #receivedBefore = 0;
  #lastReport = 0;
  #reportedAtMs = 0;

  get ssrc(): number | undefined {
    return this.#ssrc;
  }

  heard(ssrc: number, sequence: number): void {
    const ahead = (sequence - this.#highest) & 0xffff;
    const isNear = ahead < MAX_DROPOUT || ahead > CYCLE - MAX_MISORDER;
    if (ssrc !== this.#ssrc || !isNear) this.#begin(ssrc, sequence);
    else if (ahead < MAX_DROPOUT) {
      if (sequence < this.#highest) this.#cycles += CYCLE;
      this.#highest = sequence;
    }
    this.#received += 1;
  }

  /** Notes a sender report; the next report says how long ago it came. */
  reported({ ssrc, ntpMiddle }: SenderReport, nowMs: number): void {
    if (ssrc !== this.#ssrc) return;
    this.#lastReport = ntpMiddle;
    this.#reportedAtMs = nowMs;
  }

  /** Returns a report block; undefined when nothing came since the last one. */
  block(jitter: number, nowMs: number): ReportBlock | undefined {
    const received = this.#received - this.#receivedBefore;
    if (this.#ssrc === undefined || received === 0) return undefined;
    const highestSequence = this.#cycles + this.#highest;
    const expectedInAll = highestSequence - this.#first + 1;
    const expected = expectedInAll - this.#expectedBefore;
    this.#expectedBefore = expectedInAll;
    this.#receivedBefore = this.#received;
    const lost = Math.max(0, expected - received);
    return {
      ssrc: this.#ssrc,
      fractionLost: expected === 0 ? 0 : Math.floor((lost * 256) / expected),
      lost: expectedInAll - this.#received,
      highestSequence,
      jitter,
      lastReport: this.#lastReport,
      sinceLastReport: this.#lastReport && (nowMs - this.#reportedAtMs) * NTP_UNITS_PER_MS,
    };
  }

  #begin(ssrc: number, sequence: number): void {
    this.#ssrc = ssrc;
    this.#first = sequence;
    this.#highest = sequence;
    this.#cycles = 0;
    this.#received = 0;
    this.#expectedBefore = 0;
    this.#receivedBefore = 0;
    this.#lastReport = 0;
  }
}
