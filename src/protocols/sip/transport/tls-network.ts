import type { Socket } from 'node:net';
import { connect, createServer, type TlsOptions } from 'node:tls';
import type { SipCertificate } from '../message/types.ts';
import { originOf, type StreamNetwork } from './stream-network.ts';

/** A client that has not begun TLS by then is closed. */
const HANDSHAKE_TIMEOUT_MS = 10_000;

/**
 * Provides SIP over TLS (RFC 3261 section 26.2). With configured authorities, both sides must show
 * a certificate of theirs; its name is not checked: controllers are known by their addresses.
 */
export function tlsNetwork(certificate: SipCertificate): StreamNetwork {
  return {
    name: 'TLS',
    createServer({ mayConnect, onConnection, onRefused }) {
      const server = createServer({
        ...certificate.options,
        handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
      });
      const shaking = new Set<string>();
      // Runs before TLS sees the connection: no handshake is begun with a stranger.
      server.prependListener('connection', (socket) => {
        if (!mayConnect(socket, shaking.size)) return;
        const [from, key] = [originOf(socket), keyOf(socket)];
        shaking.add(key);
        socket.once('close', () => {
          if (shaking.delete(key)) onRefused(from);
        });
      });
      server.on('secureConnection', (socket) => {
        shaking.delete(keyOf(socket));
        onConnection(socket);
      });
      server.on('tlsClientError', (_, socket) => socket.destroy());
      certificate.onChange((renewed) => server.setSecureContext(renewed));
      return server;
    },
    connect({ address: host, port }) {
      const { cert, key, ca, minVersion }: TlsOptions = certificate.options;
      const verifies = ca !== undefined;
      return connect({
        host,
        port,
        cert,
        key,
        minVersion,
        rejectUnauthorized: verifies,
        ...(verifies ? { ca } : {}),
        checkServerIdentity: () => undefined,
      });
    },
  };
}

function keyOf(socket: Socket): string {
  const { address, port } = originOf(socket);
  return `${address}|${port}`;
}
