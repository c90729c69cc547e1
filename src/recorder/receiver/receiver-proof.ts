import { randomInt } from 'node:crypto';
import type { MediaAddress } from '../intake/source-latch.ts';
import type { MediaReceiver, MediaSocket } from './media-receiver.ts';

/** More than one batch, so that places are used again. */
const DATAGRAMS = 40;
/** The clocks of one machine agree better than that. */
const MAX_WRONG_MS = 1_000;

/** Ports to try; a few may be taken. */
const MAX_PORTS = 50;
const PORTS = [20_000, 60_000] as const;

/**
 * Lets a receiver whose sockets are read at once receive from itself, before calls depend on it:
 * what it was told of this system's memory may be wrong.
 * @param host loopback address of the family that it is for
 * @throws Error with what did not come out as it went in
 */
export function proveReceiver(receiver: MediaReceiver, host: string, now: () => number): void {
  const received: Received[] = [];
  const onDatagram = (datagram: Buffer, from: MediaAddress, cameAtMs: number): void => {
    received.push({ text: datagram.toString('latin1'), from, cameAtMs });
  };
  for (let attempt = 0; ; attempt += 1) {
    const to = { address: host, port: randomInt(...PORTS) };
    const socket = receiver.open('media', onDatagram);
    const refused = bind(socket, to.port);
    if (refused && attempt === MAX_PORTS) throw refused;
    if (refused) continue;
    try {
      exchange(socket, to);
      inspect(received, to, now());
    } finally {
      socket.close();
    }
    return;
  }
}

interface Received {
  readonly text: string;
  readonly from: MediaAddress;
  readonly cameAtMs: number;
}

const sent = Array.from({ length: DATAGRAMS }, (_, index) => `${index}`.repeat(index + 1));

function bind(socket: MediaSocket, port: number): Error | undefined {
  let refused: Error | undefined;
  socket.bind(port, (error) => {
    refused = error;
  });
  return refused;
}

function exchange(socket: MediaSocket, to: MediaAddress): void {
  for (const text of sent) socket.send(Buffer.from(text, 'latin1'), to);
  let isOver = false;
  socket.afterArrived(() => {
    isOver = true;
  });
  if (!isOver) throw new Error('a socket cannot be read');
}

function inspect(received: readonly Received[], { address, port }: MediaAddress, nowMs: number) {
  const isWhole = received.map(({ text }) => text).join() === sent.join();
  if (!isWhole) throw new Error('datagrams are read wrongly');
  if (!received.every(({ from }) => from.address === address && from.port === port)) {
    throw new Error('addresses are read wrongly');
  }
  if (!received.every(({ cameAtMs }) => Math.abs(cameAtMs - nowMs) < MAX_WRONG_MS)) {
    throw new Error('times of arrival are read wrongly');
  }
}
