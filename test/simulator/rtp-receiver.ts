import { createSocket, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { emptyRtpPacket, parseRtp, type RtpPacket } from '../../src/protocols/rtp/packet.ts';

export interface ReceivedPacket extends RtpPacket {
  readonly payload: Buffer;
  readonly receivedAtMs: number;
}

/** A UDP port that keeps the RTP it gets; whoever waits is woken by the packet itself. */
export class RtpReceiver {
  readonly packets: ReceivedPacket[] = [];
  readonly #socket: Socket;
  #waiting: (() => void)[] = [];

  static async open(): Promise<RtpReceiver> {
    const socket = createSocket('udp4');
    socket.bind(0, '127.0.0.1');
    await once(socket, 'listening');
    return new RtpReceiver(socket);
  }

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('message', (data) => this.#receive(data));
  }

  get port(): number {
    return this.#socket.address().port;
  }

  /** Resolves once `count` packets came in all. */
  async count(count: number): Promise<ReceivedPacket[]> {
    while (this.packets.length < count) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
    return this.packets;
  }

  close(): void {
    this.#socket.close();
  }

  #receive(data: Buffer): void {
    const packet = emptyRtpPacket();
    if (!parseRtp(data, packet)) throw new Error('Received what is no RTP');
    const payload = data.subarray(packet.payloadStart, packet.payloadEnd);
    this.packets.push({ ...packet, payload, receivedAtMs: performance.now() });
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
