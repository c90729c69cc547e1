/** More sender names than a call has streams are made up. */
const MAX_SENDERS = 32;
/** A reported correction beyond this is an error, not a client's own buffering. */
const MAX_CORRECTION_MS = 200;

/**
 * Collects what the reports of a call's senders say about how late their streams come. Streams of
 * one sender share its clock (RFC 3550 section 6.5.1), which reveals a stream that the sender
 * delays longer than another.
 */
export class SenderClocks {
  readonly #delays = new Map<string, Map<object, number>>();

  /**
   * Records a stream's delay and compares it with the sender's other streams.
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
