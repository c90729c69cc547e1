import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SdpCrypto, SdpMedia } from '../protocols/sdp/types.ts';
import { SrtpSender } from '../protocols/srtp/sender.ts';
import { type SrtpSuite, srtpSuites } from '../protocols/srtp/suites.ts';
import type {
  ClockShift,
  RtpDestination,
  RtpSender,
  RtpStreamHandle,
  RtpStreamOptions,
} from './rtp-sender.ts';
import type { StreamFormat } from './stream-format.ts';

/** Returns the payload of frame `index` (20 ms, G.711: 160 bytes), or undefined to be silent. */
export type FrameSource = (index: number) => Uint8Array | undefined;

export interface StreamOptions {
  readonly label: string;
  readonly format: StreamFormat;
  /** Omitted: the audio is unprotected. */
  readonly srtp?: SrtpSuite | undefined;
  readonly source: FrameSource;
  readonly onSent?: ((index: number, sequence: number, sentAtMs: number) => void) | undefined;
  readonly impair?: RtpStreamOptions['impair'];
  readonly onFrame?: RtpStreamOptions['onFrame'];
}

/** One m-line of a simulated call with the socket its RTP comes from. */
export class SimulatedStream {
  readonly label: string;
  #ssrc: number = randomBytes(4).readUInt32BE();
  /** Destination in the answer; undefined while the m-line is refused. */
  remote: RtpDestination | undefined;
  /** False while the call is on hold; frames are then skipped. */
  enabled = true;
  #socket: Socket;
  readonly #options: StreamOptions;
  #handle: RtpStreamHandle | undefined;
  #sentBefore = 0;
  #framesBefore = 0;
  #sender: RtpSender | undefined;
  #key: SdpCrypto | undefined;
  #protection: SrtpSender | undefined;
  #closed = false;

  /** Binds a free port of `address`. Rejects with the system's error. */
  static async open(address: string, options: StreamOptions): Promise<SimulatedStream> {
    return new SimulatedStream(await bindSocket(address), options);
  }

  private constructor(socket: Socket, options: StreamOptions) {
    this.#socket = socket;
    this.#options = options;
    this.label = options.label;
    this.offerKey();
    this.useKey();
    socket.on('error', () => this.close());
  }

  /** Protection of its packets, as its offer states it. */
  get crypto(): SdpCrypto | undefined {
    return this.#key;
  }

  /** Offers another key, which is used once `useKey` is called. */
  offerKey(): void {
    const { srtp: suite } = this.#options;
    if (!suite) return;
    const { keyBytes, saltBytes } = srtpSuites[suite];
    this.#key = { tag: 1, suite, key: randomBytes(keyBytes + saltBytes) };
  }

  useKey(): void {
    const { srtp: suite } = this.#options;
    if (suite && this.#key) this.#protection = new SrtpSender(suite, this.#key.key);
  }

  get ssrc(): number {
    return this.#ssrc;
  }

  get localPort(): number {
    return this.#socket.address().port;
  }

  /** Changes the source, as a failover in the client does: SSRC, numbers and timestamps are new. */
  changeSource(): void {
    this.#ssrc = randomBytes(4).readUInt32BE();
    this.#restart();
  }

  /** Shifts timestamps and numbers on the same SSRC. */
  shiftClock(shift: ClockShift): void {
    this.#handle?.shiftClock(shift);
  }

  /** Stops the timestamps until this is reversed, as broken senders do. */
  standStill(stands: boolean): void {
    if (this.#handle) this.#handle.standsStill = stands;
  }

  /** Units of the RTP clock in a millisecond. */
  get clockPerMs(): number {
    return this.#options.format.payload.clockRate / 1000;
  }

  /** Sends the audio from another port, and another source, from now on. */
  async changePort(): Promise<void> {
    const old = this.#socket;
    const socket = await bindSocket(old.address().address);
    if (this.#closed) {
      socket.close();
      return;
    }
    socket.on('error', () => this.close());
    this.#socket = socket;
    this.changeSource();
    old.close();
  }

  /** RTP packets sent so far. */
  get sent(): number {
    return this.#sentBefore + (this.#handle?.sent ?? 0);
  }

  /** Follows an answer: starts, turns to another port, or stops for a refused m-line. */
  follow(sender: RtpSender, answer: SdpMedia | undefined): void {
    if (this.#closed) return;
    if (!answer || answer.port === 0) {
      this.#stop();
      return;
    }
    const address = answer.connectionAddress;
    if (address === undefined || address === '0.0.0.0' || address === '::') return;
    this.remote = { address, port: answer.port };
    this.#sender = sender;
    if (this.#handle) this.#handle.retarget(this.remote);
    else this.#handle = this.#start(sender, this.remote);
  }

  #restart(): void {
    const { remote } = this;
    if (!this.#handle || !remote || !this.#sender) return;
    this.#stop();
    this.remote = remote;
    this.#handle = this.#start(this.#sender, remote);
  }

  /** Stops sending and closes the socket. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#socket.close();
  }

  #start(sender: RtpSender, destination: RtpDestination): RtpStreamHandle {
    const { format, source, onSent, onFrame, impair } = this.#options;
    // Frames keep their numbers even when their source changes.
    const first = this.#framesBefore;
    return sender.add({
      socket: this.#socket,
      destination,
      payloadType: format.payload.payloadType,
      timestampStep: format.timestampStep,
      ssrc: this.#ssrc,
      firstSequence: this.#sentBefore,
      firstTimestamp: randomBytes(4).readUInt32BE(),
      frame: (index) => (this.enabled ? source(first + index) : undefined),
      ...(onSent ? { onSent: (index, ...sent) => onSent(first + index, ...sent) } : {}),
      ...(onFrame ? { onFrame: (index, times) => onFrame(first + index, times) } : {}),
      ...(impair ? { impair } : {}),
      protect: (packet) => this.#protection?.protect(packet) ?? packet,
    });
  }

  #stop(): void {
    this.#sentBefore = this.sent;
    this.#framesBefore += this.#handle?.frames ?? 0;
    this.#handle?.remove();
    this.#handle = undefined;
    this.remote = undefined;
  }
}

async function bindSocket(address: string): Promise<Socket> {
  const socket = createSocket({
    type: address.includes(':') ? 'udp6' : 'udp4',
    // Addresses come from SDP: resolving at once keeps a packet from waiting for the next tick.
    lookup: (host, _options, done) => done(null, host, host.includes(':') ? 6 : 4),
  });
  // Listened for beforehand: with such a lookup bind() finishes before it returns.
  const listening = once(socket, 'listening');
  socket.bind(0, address);
  await listening;
  return socket;
}
