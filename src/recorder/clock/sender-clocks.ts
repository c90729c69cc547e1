/** More names than a call has streams are made up. */
const MAX_SENDERS = 32;
/** What a client's reports say beyond this is no buffering of its own, but wrong. */
const MAX_CORRECTION_MS = 200;

/**
 * What the reports of a call's senders say of how late their streams come. Streams of one sender
 * share its clock (RFC 3550 section 6.5.1): one that it holds back longer than another is known by
 * that.
 */
export class SenderClocks {
  readonly #delays = new Map<string, Map<object, number>>();

  /**
   * @param delayMs between the sender's clock and the call's, as the stream's packets come
   * @returns ms by which the stream's audio lies too late beside the sender's others; 0 or more
   */
  lateness(cname: string, stream: object, delayMs: number): number {
    let delays = this.#delays.get(cname);
    if (!delays) {
      if (this.#delays.size >= MAX_SENDERS) return 0;
      delays = new Map();
      this.#delays.set(cname, delays);
    }
    delays.set(stream, delayMs);
    let least = delayMs;
    for (const other of delays.values()) if (other < least) least = other;
    const lateness = delayMs - least;
    return lateness > MAX_CORRECTION_MS ? 0 : lateness;
  }
}
