import type { Frame } from './frame.ts';

/** Tells how a frame follows on the one that was kept last. */
export class LastKept {
  /** True while the last packet was kept: silence behind it is known to be silence. */
  #isUnbroken = false;
  /** True until the first packet after the stream began to keep again. */
  #isReopened = false;
  /** Position before which a packet of Opus may echo what was not to be kept. */
  #echoEnd = Number.NEGATIVE_INFINITY;

  /**
   * True for a packet of Opus that may carry a coarse copy of the one before it (RFC 6716 section
   * 2.1.7), which was not to be kept, whether it came or not. The first packet is left out, and
   * whatever it overtook.
   */
  mayEcho({ codec, position, packet }: Readonly<Frame>): boolean {
    if (codec !== 'OPUS') return false;
    if (this.#isReopened) this.#echoEnd = position + packet.samples;
    this.#isReopened = false;
    return position < this.#echoEnd;
  }

  /** True while the last packet was kept. */
  get isUnbroken(): boolean {
    return this.#isUnbroken;
  }

  /** Samples of silence that lie between the last kept frame and this one, which is kept now. */
  follow({ silentFor }: Readonly<Frame>): number {
    const silence = this.#isUnbroken ? silentFor : 0;
    this.#isUnbroken = true;
    return silence;
  }

  /** The next packet does not follow on what was kept. */
  break(): void {
    this.#isUnbroken = false;
  }

  /** The stream keeps again what comes next. */
  reopen(): void {
    this.#isReopened = true;
  }

  /** Positions count from another beginning now. */
  endTimeLine(): void {
    this.#echoEnd = Number.NEGATIVE_INFINITY;
    this.#isUnbroken = false;
  }
}
