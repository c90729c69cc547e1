import type { SrtpKeys } from '../../domain/model/media-agreement.ts';
import { SRTP_WRONG_TAG, SrtpReceiver } from '../../protocols/srtp/receiver.ts';

/** After a change of keys, packets under the previous ones arrive for this long. */
const OLD_KEYS_MS = 5_000;

/** Removes the protection from a stream's packets, where one was agreed on (RFC 3711). */
export class StreamSecurity {
  #keys: SrtpKeys | null;
  #receiver: SrtpReceiver | undefined;
  #before: SrtpReceiver | undefined;
  #beforeUntilMs = 0;

  /** @param resumed another process began to count its packets */
  constructor(keys: SrtpKeys | null, resumed: boolean) {
    this.#keys = keys;
    this.#receiver = keys ? new SrtpReceiver(keys.suite, keys.remote, { resumed }) : undefined;
  }

  agree(keys: SrtpKeys | null, nowMs: number): void {
    if (isSame(keys, this.#keys)) return;
    this.#keys = keys;
    this.#before = this.#receiver;
    this.#beforeUntilMs = nowMs + OLD_KEYS_MS;
    // Clients continue or restart the packet count under new keys (RFC 3711 section 3.3.1).
    const resumed = true;
    this.#receiver = keys ? new SrtpReceiver(keys.suite, keys.remote, { resumed }) : undefined;
  }

  /**
   * Decrypts a packet in place and returns the length of the plain RTP packet at the datagram's
   * beginning. A negative result, as of `SrtpReceiver.unprotect`, marks a packet that is not the
   * client's and stays as it was.
   */
  unprotect(datagram: Buffer, nowMs: number): number {
    if (this.#before && nowMs > this.#beforeUntilMs) this.#before = undefined;
    if (!this.#receiver) {
      const length = this.#before?.unprotect(datagram) ?? SRTP_WRONG_TAG;
      return length < 0 ? datagram.length : length;
    }
    const length = this.#receiver.unprotect(datagram);
    if (length !== SRTP_WRONG_TAG || !this.#before) return length;
    return this.#before.unprotect(datagram);
  }
}

function isSame(keys: SrtpKeys | null, others: SrtpKeys | null): boolean {
  if (!keys || !others) return keys === others;
  return keys.suite === others.suite && Buffer.compare(keys.remote, others.remote) === 0;
}
