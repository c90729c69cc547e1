import type { Destination } from '../message/destination.ts';
import type { SipTransportName, SipUserAgentOptions } from '../message/types.ts';
import { StreamTransport } from './stream-transport.ts';
import { tcpNetwork } from './tcp-network.ts';
import { tlsNetwork } from './tls-network.ts';
import type { SipTransport, TransportEvents } from './transport.ts';
import { UdpTransport } from './udp-transport.ts';

/** The transports of one user agent: those whose port its options name. */
export class Transports {
  readonly #transports: ReadonlyMap<SipTransportName, SipTransport>;

  private constructor(transports: readonly SipTransport[]) {
    this.#transports = new Map(transports.map((transport) => [transport.name, transport]));
  }

  /** Listens on all or on none; rejects with SipBindError. */
  static async listen(options: SipUserAgentOptions, events: TransportEvents): Promise<Transports> {
    const { host, udpPort, tcpPort, tls, limits } = options;
    const { maxMessageBytes } = limits;
    const opened: SipTransport[] = [];
    try {
      if (udpPort !== undefined) {
        opened.push(await UdpTransport.listen({ host, port: udpPort, maxMessageBytes }, events));
      }
      if (tcpPort !== undefined) {
        const network = tcpNetwork();
        opened.push(await StreamTransport.listen({ network, host, port: tcpPort, limits }, events));
      }
      if (tls !== undefined) {
        const network = tlsNetwork(tls.certificate);
        opened.push(
          await StreamTransport.listen({ network, host, port: tls.port, limits }, events),
        );
      }
    } catch (error) {
      await Promise.all(opened.map((transport) => transport.close()));
      throw error;
    }
    return new Transports(opened);
  }

  port(name: SipTransportName): number | undefined {
    return this.#transports.get(name)?.port;
  }

  async send(data: Buffer, destination: Destination): Promise<void> {
    const transport = this.#transports.get(destination.peer.transport);
    if (transport === undefined) throw new Error('transport is not configured');
    await transport.send(data, destination);
  }

  async close(): Promise<void> {
    await Promise.all([...this.#transports.values()].map((transport) => transport.close()));
  }
}
