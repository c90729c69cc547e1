import { connect, createServer } from 'node:net';
import type { StreamNetwork } from './stream-network.ts';

export function tcpNetwork(): StreamNetwork {
  return {
    name: 'TCP',
    createServer: ({ onConnection }) => createServer(onConnection),
    connect: ({ address: host, port }) => connect({ host, port }),
  };
}
