import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../../src/config/schema.ts';

/** Test files that run at once (vitest.config.ts); each draws from a share of its own. */
const SHARES = 2;
const ownShare = (Number(process.env.VITEST_POOL_ID) || 0) % SHARES;
const SHARE = 11_000;
const LOWEST = 10_000 + SHARE * ownShare;
/** End of the share; above the last one the system assigns ports by itself. */
const HIGHEST = LOWEST + SHARE;
const RANGE = 200;
const PROBES = 10;
const FIXED_SHARE = 700;
/** Between the demo's ports and those for RTP. */
const LOWEST_FIXED = 8_500 + FIXED_SHARE * ownShare;
const given = new Set<number>();

/** Returns RTP ports of this test process, for a Hush inside it. */
export function portRange(size = 2_000): Pick<Config['rtp'], 'portMin' | 'portMax'> {
  const portMin = randomInt(LOWEST / 2, (HIGHEST - size) / 2) * 2;
  return { portMin, portMax: portMin + size - 1 };
}

/** Returns RTP ports that nobody else, such as a bench beside the tests, seems to use. */
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

/**
 * Returns a port unused on TCP and UDP, for a Hush that is restarted. It lies below those that the
 * system assigns by itself: one of those could be taken by another socket's connection before Hush
 * listens.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = randomInt(LOWEST_FIXED, LOWEST_FIXED + FIXED_SHARE);
    if (given.has(port) || !(await isFree(port)) || !(await isFreeOnTcp(port))) continue;
    given.add(port);
    return port;
  }
}

async function isFreeOnTcp(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
