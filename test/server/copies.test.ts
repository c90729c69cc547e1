import { cpSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Config } from '../../src/config/schema.ts';
import { commandClient } from '../support/api.ts';
import { type MarkerCall, TestCaller } from '../support/calls.ts';
import { TestHush, temporaryFolder } from '../support/hush/hush.ts';
import { HushProcess, type HushProcessOptions } from '../support/hush/hush-process.ts';
import { freeRtpPorts } from '../support/ports.ts';

/** Short enough for a copy to hang up any call that it took over. */
const MEDIA_TIMEOUT_MS = 300;

let folder = '';
let caller: TestCaller;
const processes: HushProcess[] = [];
beforeEach(async () => {
  folder = temporaryFolder();
  caller = await TestCaller.open();
});
afterEach(async () => {
  await caller.close();
  await Promise.all(processes.splice(0).map((hush) => hush.end('SIGKILL')));
  rmSync(folder, { recursive: true, force: true });
});

async function startOriginal(more: Partial<HushProcessOptions> = {}): Promise<HushProcess> {
  const rtpPorts = await freeRtpPorts();
  const dataDir = join(folder, 'original');
  const hush = await HushProcess.start({ dataDir, rtpPorts, ...more });
  processes.push(hush);
  return hush;
}

/** Copies the folder like `cp -a`, with another port. */
function copied(name = 'copy'): string {
  const to = join(folder, name);
  cpSync(join(folder, 'original'), to, { recursive: true, preserveTimestamps: true });
  return to;
}

async function startCopy(dataDir: string, adopt = false, udpPort = 0): Promise<TestHush> {
  const ports = await freeRtpPorts();
  const config = (defaults: Config): Config => ({
    ...defaults,
    rtp: { ...defaults.rtp, ...ports },
    sip: { ...defaults.sip, udpPort },
    recording: { ...defaults.recording, mediaTimeoutMs: MEDIA_TIMEOUT_MS },
  });
  return TestHush.start({ dataDir, config, overrides: { adopt } });
}

async function paused(hush: HushProcess): Promise<MarkerCall> {
  const call = await caller.call(hush);
  await call.frames(20);
  expect(await command(hush, 'Pause', call)).toMatchObject({ ErrorMessage: null });
  return call;
}

const command = (hush: HushProcess, action: string, { correlationId }: MarkerCall) =>
  commandClient(hush.api)(action, correlationId);

describe('a copy of a data folder', () => {
  it('does not start beside its original, whose calls continue', async () => {
    const original = await startOriginal();
    const call = await paused(original);
    const dataDir = copied();
    const refused = /^The data folder \S+copy is a copy of another one, .*hush serve --adopt$/;
    await expect(startCopy(dataDir)).rejects.toThrow(refused);
    // Adoption is refused as well while the original is at work.
    const inUse = new RegExp(`^The original, .*original, is in use by .* process ${original.pid} `);
    await expect(startCopy(dataDir, true)).rejects.toThrow(inUse);
    expect(call.call.state).toBe('established');
    expect(await command(original, 'Start', call)).toMatchObject({ ErrorMessage: null });
    expect(call.call.state).toBe('established');
    await call.call.end();
  });

  it('that is adopted ends the calls of its original without a word to their clients', async () => {
    const original = await startOriginal();
    const call = await paused(original);
    await original.end('SIGKILL');
    // At the address of the original.
    const copy = await startCopy(copied(), true, original.peer.port);
    const { callId } = await copy.settled(call.correlationId);
    const alarms = (await copy.get('/api/alarms?kind=sessionLost')).items;
    expect(alarms).toMatchObject([{ callId, detail: expect.stringContaining('it is ended') }]);
    const health = await copy.get(`/api/calls/${callId}/health`);
    expect(health).toMatchObject({ verdict: 'degraded' });
    const { items } = await copy.get('/api/audit-log?action=adopt');
    expect(items).toMatchObject([{ surface: 'cli', outcome: 'ok', after: { path: copyPath() } }]);
    expect(call.call.state).toBe('established');
    await call.call.end();
    // From now on it is the original, and starts as one.
    await copy.stop();
    await (await startCopy(copyPath())).stop();
  });

  const copyPath = (): string => join(folder, 'copy');
});

describe('a data folder that is no copy', () => {
  it('may be moved, and be killed, without questions', async () => {
    const original = await startOriginal();
    await original.end('SIGKILL');
    renameSync(join(folder, 'original'), join(folder, 'moved'));
    const moved = await startCopy(join(folder, 'moved'));
    await moved.abandon();
    await (await startCopy(join(folder, 'moved'))).stop();
  });

  it('may be restored in its place from a copy', async () => {
    const original = await startOriginal();
    await original.end('SIGTERM');
    const copy = copied();
    rmSync(join(folder, 'original'), { recursive: true });
    renameSync(copy, join(folder, 'original'));
    await (await startCopy(join(folder, 'original'))).stop();
  });
});
