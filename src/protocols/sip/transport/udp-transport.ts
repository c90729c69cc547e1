import { createSocket, type RemoteInfo, type Socket } from 'node:dgram';
import { once } from 'node:events';
import { isIPv4, isIPv6 } from 'node:net';
import type { Destination } from '../message/destination.ts';
import { SipBindError } from '../message/errors.ts';
import type { SipPeer } from '../message/types.ts';
import { plainAddress, type SipTransport, type TransportEvents } from './transport.ts';

/** Room for a burst of INVITEs; the system may grant less. */
const RECEIVE_BUFFER_BYTES = 1_048_576;

export interface UdpOptions {
  readonly host: string;
  readonly port: number;
  readonly maxMessageBytes: number;
}

/** SIP over UDP (RFC 3261 section 18): one datagram is one message. */
export class UdpTransport implements SipTransport {
  readonly name = 'UDP';
  readonly port: number;
  readonly #socket: Socket;
  readonly #options: UdpOptions;
  readonly #events: TransportEvents;
  #closed: Promise<void> | undefined;

  private constructor(socket: Socket, options: UdpOptions, events: TransportEvents) {
    this.#socket = socket;
    this.#options = options;
    this.#events = events;
    this.port = socket.address().port;
    socket.on('message', (data, remote) => this.#receive(data, remote));
    // Single sends report their own errors; the others concern no message.
    socket.on('error', () => undefined);
  }

  /** Rejects with SipBindError when the port cannot be taken. */
  static async listen(options: UdpOptions, events: TransportEvents): Promise<UdpTransport> {
    const type = isIPv6(options.host) ? 'udp6' : 'udp4';
    const socket = createSocket({ type, recvBufferSize: RECEIVE_BUFFER_BYTES });
    try {
      socket.bind(options.port, options.host);
      await once(socket, 'listening');
    } catch (error) {
      socket.close();
      const cause = error instanceof Error ? error.message : 'unknown';
      throw new SipBindError(`UDP ${options.host}:${options.port}`, cause);
    }
    return new UdpTransport(socket, options, events);
  }

  send(data: Buffer, { peer }: Destination): Promise<void> {
    const address = this.#mapped(peer.address);
    return new Promise((resolve, reject) => {
      this.#socket.send(data, peer.port, address, (error) => (error ? reject(error) : resolve()));
    });
  }

  close(): Promise<void> {
    this.#closed ??= new Promise((resolve) => this.#socket.close(resolve));
    return this.#closed;
  }

  #mapped(address: string): string {
    return isIPv6(this.#options.host) && isIPv4(address) ? `::ffff:${address}` : address;
  }

  #receive(data: Buffer, remote: RemoteInfo): void {
    const address = plainAddress(remote.address);
    const peer: SipPeer = { address, port: remote.port, transport: 'UDP' };
    if (!this.#events.isAllowed(address)) this.#events.onDropped('forbiddenAddress', peer);
    else if (data.length > this.#options.maxMessageBytes) this.#events.onDropped('tooLarge', peer);
    else if (!isKeepAlive(data)) this.#events.onMessage(data, peer);
  }
}

/** True for empty datagrams, line ends and zeros, which only hold a NAT binding open. */
function isKeepAlive(data: Buffer): boolean {
  return data.length <= 4 && data.every((byte) => byte === 0x0d || byte === 0x0a || byte === 0);
}
