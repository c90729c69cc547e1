import { randomBytes } from 'node:crypto';
import type { MediaAgreement, SrtpKeys } from '../domain/model/media-agreement.ts';
import { buildReceiverReport, parseRtcp } from '../protocols/rtp/rtcp.ts';
import { SrtcpReceiver, SrtcpSender } from '../protocols/srtp/srtcp.ts';
import type { TrackClock } from './clock/track-clock.ts';
import type { Reception } from './intake/reception.ts';
import type { MediaAddress } from './intake/source-latch.ts';
import type { MediaReceiver, MediaSocket } from './receiver/media-receiver.ts';

/** RFC 3550 section 6.2; half of it before the first report. */
const INTERVAL_MS = 5_000;
const FIRST_INTERVAL_MS = 2_500;

/** Random, so that it does not identify the machine (RFC 7022 section 4.2). */
const cname = randomBytes(12).toString('base64');

export interface StreamReportsOptions {
  readonly receiver: MediaReceiver;
  readonly clock: TrackClock;
  readonly reception: Reception;
  /** Socket of the stream's packets, and of its control packets where that was agreed on. */
  readonly shared: MediaSocket;
  /** Monotonic ms. */
  now(): number;
  /** Returns true when a valid packet of the stream came from this address. */
  hasHeard(address: string): boolean;
}

/**
 * A stream's control packets (RFC 3550 section 6). The sender's clock reports are passed to the
 * call's clock, and every five seconds the sender gets a report on its packets.
 */
export class StreamReports {
  readonly #options: StreamReportsOptions;
  readonly #ssrc = randomBytes(4).readUInt32BE();
  #own: MediaSocket | undefined;
  #mux: boolean;
  #keys: SrtpKeys | null = null;
  #opener: SrtcpReceiver | undefined;
  #sealer: SrtcpSender | undefined;
  #to: MediaAddress | undefined;
  #dueMs: number;

  constructor(agreed: MediaAgreement, options: StreamReportsOptions) {
    this.#options = options;
    this.#mux = agreed.rtcp.mux;
    this.#dueMs = options.now() + FIRST_INTERVAL_MS;
    this.agree(agreed);
  }

  /** Binds the port above the stream's own, whether or not the client will use it. */
  bind(port: number, onBound: (error?: NodeJS.ErrnoException) => void): void {
    const { receiver } = this.#options;
    const socket = receiver.open('control', (datagram, from, cameAtMs) =>
      this.receive(datagram, from, cameAtMs),
    );
    socket.bind(port, (error) => {
      if (!error) this.#own = socket;
      onBound(error);
    });
  }

  agree({ rtcp, srtp }: MediaAgreement): void {
    this.#mux = rtcp.mux;
    if (rtcp.address !== null && rtcp.port !== null) {
      this.#to = { address: rtcp.address, port: rtcp.port };
    }
    this.#protect(srtp);
  }

  /** Receives a datagram. Only a control packet of the stream's own source has an effect. */
  receive(datagram: Buffer, from: MediaAddress, cameAtMs: number): void {
    const plain = this.#opener ? this.#opener.unprotect(datagram) : datagram;
    const reading = plain && parseRtcp(plain);
    if (!reading || reading.ssrc !== this.#options.reception.ssrc) return;
    // Nothing can be sent to port 0, and the system takes a datagram from there all the same.
    if (from.port !== 0) this.#to = { address: from.address, port: from.port };
    const { report, cname: name } = reading;
    if (!report) return;
    this.#options.reception.reported(report, cameAtMs);
    if (name !== undefined) this.#options.clock.report(report, name);
  }

  tick(nowMs: number): void {
    if (nowMs < this.#dueMs) return;
    // RFC 3550 section 6.3.1: reports of many streams are randomised so as not to synchronise.
    this.#dueMs = nowMs + INTERVAL_MS * (0.5 + Math.random());
    const { clock, reception, shared } = this.#options;
    // No report goes to an unverified address: an SDP may name anybody's.
    if (!this.#to || !this.#own || !this.#options.hasHeard(this.#to.address)) return;
    const socket = this.#mux ? shared : this.#own;
    const block = reception.block(clock.jitter, nowMs);
    const report = buildReceiverReport({ ssrc: this.#ssrc, cname, block });
    const datagram = this.#sealer ? this.#sealer.protect(report) : report;
    socket.send(datagram, this.#to);
  }

  close(): void {
    this.#own?.close();
    this.#own = undefined;
  }

  /** Sets the keys. A known key continues its counter: no two packets are sealed alike. */
  #protect(keys: SrtpKeys | null): void {
    const before = this.#keys;
    this.#keys = keys;
    if (!keys) {
      this.#opener = undefined;
      this.#sealer = undefined;
      return;
    }
    const { suite, remote, local } = keys;
    const isSame = (key: 'remote' | 'local') =>
      before?.suite === suite && Buffer.compare(before[key], keys[key]) === 0;
    if (!isSame('remote')) this.#opener = new SrtcpReceiver(suite, remote);
    if (!isSame('local')) this.#sealer = new SrtcpSender(suite, local);
  }
}
