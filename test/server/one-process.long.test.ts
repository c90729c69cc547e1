import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { startPostgres } from '../store/database-servers.ts';
import { commandClient } from '../support/api.ts';
import { TestCaller } from '../support/calls.ts';
import { temporaryFolder } from '../support/hush/hush.ts';
import { HushProcess, type HushProcessOptions } from '../support/hush/hush-process.ts';
import { longTest } from '../support/length.ts';
import { freePort, freeRtpPorts } from '../support/ports.ts';

/** Unsealed audio of two streams when the process was frozen: a second of each. */
const SEALED_BEFORE_BYTES = 2 * 9_000;

let dataDir = '';
let caller: TestCaller;
const processes: HushProcess[] = [];

beforeEach(async () => {
  dataDir = temporaryFolder();
  caller = await TestCaller.open();
});
afterEach(async () => {
  await caller.close();
  await Promise.all(processes.splice(0).map((hush) => hush.end('SIGKILL')));
  rmSync(dataDir, { recursive: true, force: true });
});

async function start(more: Partial<HushProcessOptions> = {}): Promise<HushProcess> {
  const rtpPorts = await freeRtpPorts();
  const hush = await HushProcess.start({ dataDir, rtpPorts, ...more });
  processes.push(hush);
  return hush;
}

/** Returns the size of sealed audio in the first one's folder. */
function recordedBytes(): number {
  const folder = join(dataDir, 'recordings');
  const names = readdirSync(folder, { recursive: true }) as string[];
  return names.reduce(
    (sum, name) => sum + (name.endsWith('.seg') ? statSync(join(folder, name)).size : 0),
    0,
  );
}

/** Runs `hush serve` with ports of its own; resolves with its exit code and output. */
async function serve(): Promise<{ code: number; said: string; ms: number }> {
  const config = join(dataDir, 'second.yaml');
  const [http, sip] = [await freePort(), await freePort()];
  const { portMin, portMax } = await freeRtpPorts();
  writeFileSync(
    config,
    `dataDir: ${dataDir}\nhttp: { port: ${http} }\nsip: { udpPort: ${sip}, tcpPort: ${sip} }\nrtp: { portMin: ${portMin}, portMax: ${portMax} }\n`,
  );
  const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));
  const began = performance.now();
  const child = spawn(process.execPath, [main, 'serve', '-c', config]);
  const said = text(child.stderr);
  const [code] = await once(child, 'exit');
  return { code, said: await said, ms: performance.now() - began };
}

describe('a second Hush on the same data folder', () => {
  it('ends within seconds with one sentence, and the first stays in command', async () => {
    const hush = await start();
    const call = await caller.call(hush);
    await call.frames(50);
    const { code, said, ms } = await serve();
    expect(code).toBe(1);
    expect(said).toMatch(
      new RegExp(`^hush: .*${dataDir} is in use by Hush process ${hush.pid} on .*\\n$`),
    );
    expect(ms).toBeLessThan(10_000);
    const answer = await commandClient(hush.api)('Pause', call.correlationId);
    expect(answer).toMatchObject({ ErrorMessage: null, RecordingState: 3 });
    await call.call.end();
  });

  longTest(
    'takes a hand-over: it waits for the one that stops, and goes on with its calls',
    async () => {
      const ports = { sipUdpPort: await freePort(), httpPort: await freePort() };
      const rtpPorts = await freeRtpPorts();
      const first = await start({ ...ports, rtpPorts, shutdown: 'handover' });
      const call = await caller.call(first);
      await call.frames(50);
      const [second] = await Promise.all([
        start({ ...ports, rtpPorts, lock: { waitMs: 10_000 } }),
        first.end('SIGTERM'),
      ]);
      const answer = await commandClient(second.api)('Pause', call.correlationId);
      expect(answer).toMatchObject({ ErrorMessage: null, RecordingState: 3 });
      await call.call.end();
    },
  );

  longTest('may begin when the first was killed', async () => {
    const hush = await start();
    await hush.end('SIGKILL');
    await start();
  });
});

longTest('a Hush that lost its data folder records nothing more, and ends', async () => {
  const ports = { sipUdpPort: await freePort(), rtpPorts: await freeRtpPorts() };
  const hush = await start(ports);
  const call = await caller.call(hush);
  await call.frames(50);
  rmSync(join(dataDir, 'hush.lock'));
  expect(await hush.exited).toBe(1);
  const kept = recordedBytes();
  await call.frames((call.streams[0]?.sent.length ?? 0) + 50);
  expect(recordedBytes()).toBe(kept);
  await start(ports);
  await call.call.end();
});

longTest(
  'a Hush that lost its PostgreSQL database to another one takes no command, and ends',
  async () => {
    const server = await startPostgres();
    const other = temporaryFolder();
    try {
      const { url = '' } = await server.empty();
      const lock = { waitMs: 10_000, lostAfterMs: 5_000 };
      const more = { store: { kind: 'postgres', url } as const, lock };
      const first = await start(more);
      const call = await caller.call(first);
      await call.frames(100);
      process.kill(first.pid, 'SIGSTOP');
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      await client.query(
        "select pg_terminate_backend(pid) from pg_stat_activity where application_name like 'hush owner%'",
      );
      await client.end();
      copyFileSync(join(dataDir, 'master.key'), join(other, 'master.key'));
      await start({ ...more, dataDir: other });
      const kept = recordedBytes();
      expect(kept).toBeGreaterThan(0);
      process.kill(first.pid, 'SIGCONT');
      const paused = commandClient(first.api)('Pause', call.correlationId).catch(() => undefined);
      expect((await paused)?.ErrorMessage?.ErrorType ?? 3).toBe(3);
      expect(await first.exited).toBe(1);
      // What waited in its sockets was sent while the other one was in command.
      expect(recordedBytes() - kept).toBeLessThan(SEALED_BEFORE_BYTES);
    } finally {
      await Promise.all(processes.splice(0).map((hush) => hush.end('SIGKILL')));
      await server.stop();
      rmSync(other, { recursive: true, force: true });
    }
  },
);
