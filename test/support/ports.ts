import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../../src/config/schema.ts';

/** Test files that run at once (vitest.config.ts); each draws from a share of its own. */
const SHARES = 2;
const SHARE = 11_000;
const LOWEST = 10_000 + SHARE * ((Number(process.env.VITEST_POOL_ID) || 0) % SHARES);
/** Of the last share: above it the system gives ports away by itself. */
const HIGHEST = LOWEST + SHARE;
const RANGE = 200;
const PROBES = 10;

/** RTP ports of this test process, for a Hush inside it. */
export function portRange(size = 2_000): Pick<Config['rtp'], 'portMin' | 'portMax'> {
  const portMin = randomInt(LOWEST / 2, (HIGHEST - size) / 2) * 2;
  return { portMin, portMax: portMin + size - 1 };
}

/** RTP ports that nobody else, such as a bench beside the tests, seems to use. */
export async function freeRtpPorts(
  range = RANGE,
): Promise<Pick<Config['rtp'], 'portMin' | 'portMax'>> {
  for (;;) {
    const { portMin, portMax } = portRange(range);
    const step = 2 * Math.floor(range / 2 / PROBES);
    const probed = Array.from({ length: PROBES }, (_, index) => portMin + index * step);
    const free = await Promise.all(probed.map(isFree));
    if (free.every(Boolean)) return { portMin, portMax };
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
