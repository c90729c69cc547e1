import type { SrtpKeys } from '../../domain/model/media-agreement.ts';
import { SRTP_WRONG_TAG, SrtpReceiver } from '../../protocols/srtp/receiver.ts';

/** After a change of keys packets under the ones before come for so long. */
const OLD_KEYS_MS = 5_000;

/** Takes the protection off a stream's packets, where one was agreed on (RFC 3711). */
export class StreamSecurity {
  #keys: SrtpKeys | null;
  #receiver: SrtpReceiver | undefined;
  #before: SrtpReceiver | undefined;
  #beforeUntilMs = 0;

  /** @param resumed its packets began to be counted in another process */
  constructor(keys: SrtpKeys | null, resumed: boolean) {
    this.#keys = keys;
    this.#receiver = keys ? new SrtpReceiver(keys.suite, keys.remote, { resumed }) : undefined;
  }

  agree(keys: SrtpKeys | null, nowMs: number): void {
    if (isSame(keys, this.#keys)) return;
    this.#keys = keys;
    this.#before = this.#receiver;
    this.#beforeUntilMs = nowMs + OLD_KEYS_MS;
    // Under new keys the packets are counted on, or anew: clients differ (RFC 3711 section 3.3.1).
    const resumed = true;
    this.#receiver = keys ? new SrtpReceiver(keys.suite, keys.remote, { resumed }) : undefined;
  }

  /**
   * Bytes of the plain RTP packet at the datagram's beginning, decrypted in place. Negative as
   * `SrtpReceiver.unprotect` has it: it is none of the client's, and as it was.
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
