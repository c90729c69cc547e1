import { createSocket, type Socket } from 'node:dgram';
import { isIPv6 } from 'node:net';

/** Opens a socket that sends to literal addresses only: no datagram waits for a resolver. */
export function openMediaSocket(host: string): Socket {
  return createSocket({
    type: isIPv6(host) ? 'udp6' : 'udp4',
    lookup: (hostname, _, callback) => callback(null, hostname, isIPv6(hostname) ? 6 : 4),
  });
}

/** Binds a socket, and closes it if the port is refused. */
export function bindMediaSocket(
  socket: Socket,
  to: { readonly host: string; readonly port: number },
  onBound: (error?: NodeJS.ErrnoException) => void,
): void {
  const refused = (error: NodeJS.ErrnoException): void => {
    socket.close();
    onBound(error);
  };
  socket.once('error', refused);
  socket.bind({ port: to.port, address: to.host, exclusive: true }, () => {
    socket.removeListener('error', refused);
    // A socket that fails later (ICMP errors) falls silent, which the summary shows.
    socket.on('error', () => {});
    onBound();
  });
}
