import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { closeAll, HOST, startAgent } from './support.ts';

afterEach(closeAll);

const SIPP = '/usr/bin/sipp';
const CALLS = 50;

/** sipp's own client scenario: INVITE, ACK, 50 ms of talk, BYE. Exit code 0 if all calls passed. */
async function runSipp(port: number, transport: 'u1' | 't1'): Promise<unknown> {
  const target = `${HOST}:${port}`;
  const load = ['-m', String(CALLS), '-r', '100', '-d', '50', '-timeout', '20s'];
  const args = ['-sn', 'uac', target, '-i', HOST, '-t', transport, '-nostdin', ...load];
  const sipp = spawn(SIPP, args, { stdio: 'ignore', cwd: '/tmp' });
  const [code] = await once(sipp, 'exit');
  return code;
}

describe.skipIf(!existsSync(SIPP))('sipp as the caller', () => {
  it.each(['u1', 't1'] as const)('sipp has all its calls answered over %s', async (transport) => {
    const server = await startAgent();
    const port = transport === 'u1' ? server.ua.udpPort : server.ua.tcpPort;
    expect(await runSipp(port ?? 0, transport)).toBe(0);
    for (let call = 0; call < CALLS; call += 1) {
      expect(await server.handler.heard.take()).toBe('bye');
    }
    expect(server.invites.count).toBe(CALLS);
    expect(server.dropped).toEqual([]);
  });
});
