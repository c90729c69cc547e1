import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { TestHush, temporaryFolder, ucc } from '../../support/hush/hush.ts';
import { programPath } from '../../support/programs.ts';
import { SrsClient, sdpBody, sdpOf } from '../srs-client.ts';

const password = 'a long enough password';

async function dropped(hush: TestHush, reason: string): Promise<number> {
  const text = await (await fetch(`${hush.api}/metrics`)).text();
  const found = new RegExp(`hush_sip_dropped_total\\{reason="${reason}"\\} (\\d+)`).exec(text);
  return Number(found?.[1] ?? 0);
}

describe('a caller', () => {
  it('authenticates by digest, as sipp does', async () => {
    const digest = { realm: 'hush', users: [{ name: 'sbc-1', password }], algorithms: ['MD5'] };
    const hush = await TestHush.start({
      config: (config) => ({
        ...config,
        sip: { ...config.sip, digest: digest as typeof config.sip.digest },
      }),
    });
    const folder = temporaryFolder();
    const scenario = readFileSync(new URL('../sipp/digest.xml', import.meta.url), 'utf8');
    const run = async (secret: string): Promise<number> => {
      writeFileSync(join(folder, 'digest.xml'), scenario.replace('PASSWORD', `"${secret}"`));
      const args = ['-sf', 'digest.xml', `127.0.0.1:${hush.sipUdpPort}`, '-i', '127.0.0.1'];
      const bounds = ['-m', '1', '-nostdin', '-timeout', '3s', '-timeout_error'];
      const named = ['-auth_uri', `${ucc}@127.0.0.1:${hush.sipUdpPort}`];
      const sipp = spawn(programPath('sipp'), [...args, ...named, ...bounds], {
        stdio: 'ignore',
        cwd: folder,
      });
      const [code] = await once(sipp, 'exit');
      return Number(code);
    };
    expect(await run(password)).toBe(0);
    const begun = () => hush.events.filter(({ type }) => type === 'callBegan').length;
    expect(begun()).toBe(1);
    expect(await dropped(hush, 'unauthorized')).toBe(0);
    expect(await run('another password')).not.toBe(0);
    expect(await dropped(hush, 'unauthorized')).toBeGreaterThan(0);
    expect(begun()).toBe(1);
    await hush.remove();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is limited in new calls a second, without harm to calls in progress', async () => {
    const hush = await TestHush.start({
      config: (config) => ({
        ...config,
        sip: { ...config.sip, invitesPerSecond: 100, invitesPerSecondPerAddress: 1 },
      }),
    });
    const client = await SrsClient.open(hush);
    const body = sdpBody(sdpOf([{}]));
    const asked = Array.from({ length: 10 }, () => client.invite({ body }));
    const answers = await Promise.allSettled(asked);
    const sessions = answers.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
    const refused = answers.flatMap((one) => (one.status === 'rejected' ? [one.reason] : []));
    expect(sessions.length).toBeGreaterThanOrEqual(2);
    expect(refused.map(({ statusCode }) => statusCode)).toContain(503);
    expect(await dropped(hush, 'rateLimited')).toBe(refused.length);
    for (const session of sessions) {
      expect((await session.reinvite([{}])).statusCode).toBe(200);
      await session.dialog.bye();
    }
    await client.close();
    await hush.remove();
  });
});
