import { randomBytes } from 'node:crypto';
import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import type { SdpMedia } from '../protocols/sdp/types.ts';
import type { RtpDestination, RtpSender, RtpStreamHandle } from './rtp-sender.ts';

/** Payload of frame `index` (160 bytes of G.711), or undefined to be silent. */
export type FrameSource = (index: number) => Uint8Array | undefined;

export interface StreamOptions {
  readonly label: string;
  readonly payloadType: number;
  readonly source: FrameSource;
  readonly onSent?: ((index: number, sequence: number, sentAtMs: number) => void) | undefined;
}

/** One m-line of a simulated call with the socket its RTP comes from. */
export class SimulatedStream {
  readonly label: string;
  readonly ssrc: number = randomBytes(4).readUInt32BE();
  readonly localPort: number;
  /** Where the answer wants the audio; undefined while the m-line is refused. */
  remote: RtpDestination | undefined;
  /** False while the call is on hold; frames then go by unsent. */
  enabled = true;
  readonly #socket: Socket;
  readonly #options: StreamOptions;
  #handle: RtpStreamHandle | undefined;
  #sentBefore = 0;
  #closed = false;

  /** Binds a free port of `address`. Rejects with the system's error. */
  static async open(address: string, options: StreamOptions): Promise<SimulatedStream> {
    const socket = createSocket({
      type: address.includes(':') ? 'udp6' : 'udp4',
      // Addresses come from SDP: resolving at once keeps a packet from waiting for the next tick.
      lookup: (host, _options, done) => done(null, host, host.includes(':') ? 6 : 4),
    });
    // Listened for beforehand: with such a lookup bind() is through before it returns.
    const listening = once(socket, 'listening');
    socket.bind(0, address);
    await listening;
    return new SimulatedStream(socket, options);
  }

  private constructor(socket: Socket, options: StreamOptions) {
    this.#socket = socket;
    this.#options = options;
    this.label = options.label;
    this.localPort = socket.address().port;
    socket.on('error', () => this.close());
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
    if (this.#handle) this.#handle.retarget(this.remote);
    else this.#handle = this.#start(sender, this.remote);
  }

  /** Stops sending and closes the socket. May be called twice. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#stop();
    this.#socket.close();
  }

  #start(sender: RtpSender, destination: RtpDestination): RtpStreamHandle {
    const { payloadType, source, onSent } = this.#options;
    return sender.add({
      socket: this.#socket,
      destination,
      payloadType,
      ssrc: this.ssrc,
      firstSequence: this.#sentBefore,
      firstTimestamp: randomBytes(4).readUInt32BE(),
      frame: (index) => (this.enabled ? source(index) : undefined),
      ...(onSent ? { onSent } : {}),
    });
  }

  #stop(): void {
    this.#sentBefore = this.sent;
    this.#handle?.remove();
    this.#handle = undefined;
    this.remote = undefined;
  }
}
