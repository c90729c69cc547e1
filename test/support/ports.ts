import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../../src/config/schema.ts';

const LOWEST = 10_000;
/** Above it the system gives ports away by itself. */
const HIGHEST = 32_000;
const RANGE = 200;
const PROBES = 10;

/** RTP ports that nobody else, such as a bench beside the tests, seems to use. */
export async function freeRtpPorts(
  range = RANGE,
): Promise<Pick<Config['rtp'], 'portMin' | 'portMax'>> {
  for (;;) {
    const portMin = randomInt(LOWEST / 2, (HIGHEST - range) / 2) * 2;
    const step = 2 * Math.floor(range / 2 / PROBES);
    const probed = Array.from({ length: PROBES }, (_, index) => portMin + index * step);
    const free = await Promise.all(probed.map(isFree));
    if (free.every(Boolean)) return { portMin, portMax: portMin + range - 1 };
  }
}

async function isFree(port: number): Promise<boolean> {
  const socket = createSocket('udp4');
  try {
    socket.bind(port, '127.0.0.1');
    await once(socket, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    socket.close();
  }
}

/** A TCP port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
