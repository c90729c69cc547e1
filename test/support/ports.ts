import { randomInt } from 'node:crypto';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Config } from '../../src/config/schema.ts';

/**
 * Test files that run at once (vitest.config.ts); each draws from a share of its own. A bench runs
 * alone, and has them all.
 */
const SHARES = 4;
const pool = Number(process.env.VITEST_POOL_ID) || undefined;
const ownShare = (pool ?? 0) % SHARES;
const SHARE = 5_500;
const LOWEST = 10_000 + SHARE * ownShare;
/** End of the share; above the last one the system assigns ports by itself. */
const HIGHEST = LOWEST + SHARE * (pool === undefined ? SHARES : 1);
const RANGE = 200;
const PROBES = 10;
const FIXED_SHARE = 350;
/** Between the demo's ports and those for RTP. */
const LOWEST_FIXED = 8_500 + FIXED_SHARE * ownShare;
/** The last ports given away: who has asked for one may not listen yet. */
const given: number[] = [];
const MOST_GIVEN = 100;

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
    if (given.includes(port) || !(await isFree(port)) || !(await isFreeOnTcp(port))) continue;
    given.push(port);
    if (given.length > MOST_GIVEN) given.shift();
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
