import { rmSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { recordingOf } from '../../support/api.ts';
import { TestCaller } from '../../support/calls.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { HushProcess, type HushProcessOptions } from '../../support/hush/hush-process.ts';
import { freeRtpPorts } from '../../support/ports.ts';

const BYTES_PER_MS = 32;
const WAV_HEADER = 44;
/** Delays after the request, between its arrival and its end. */
const KILL_AFTER_MS = [0, 4, 9, 16, 30];
const interval = { startMs: 200, endMs: 500 };

const dataDir = temporaryFolder();
let caller: TestCaller;
beforeAll(async () => {
  caller = await TestCaller.open();
});
afterAll(async () => {
  await caller.close();
  rmSync(dataDir, { recursive: true, force: true });
});

async function audioOf(api: string, id: string): Promise<Buffer> {
  return Buffer.from(await (await fetch(`${api}/api/recordings/${id}/audio`)).arrayBuffer());
}

async function statesOf(api: string, id: string): Promise<string[]> {
  const { items } = (await (await fetch(`${api}/api/recordings/${id}/erasures`)).json()) as {
    items: { state: string }[];
  };
  return items.map(({ state }) => state);
}

it('a Hush that is killed during an erasure completes it at its next start', async () => {
  const options: HushProcessOptions = { dataDir, rtpPorts: await freeRtpPorts() };
  let hush = await HushProcess.start(options);
  const ids: string[] = [];
  for (const _ of KILL_AFTER_MS) {
    const placed = await caller.call(hush);
    await placed.frames(40);
    await placed.call.end();
    ids.push((await recordingOf(hush.api, placed.correlationId)).id);
  }
  const before = new Map<string, Buffer>();
  for (const id of ids) before.set(id, await audioOf(hush.api, id));
  const body = JSON.stringify({ reason: 'card number', ...interval });
  const headers = { 'Content-Type': 'application/json' };
  const begun: boolean[] = [];
  for (const [index, id] of ids.entries()) {
    const asking = fetch(`${hush.api}/api/recordings/${id}/erasures`, {
      method: 'POST',
      headers,
      body,
    }).catch(() => undefined);
    await delay(KILL_AFTER_MS[index]);
    await hush.end('SIGKILL');
    await asking;
    hush = await HushProcess.start(options);
    const { api } = hush;
    await expect
      .poll(async () => (await statesOf(api, id)).every((one) => one === 'done'))
      .toBe(true);
    const isErased = (await statesOf(api, id)).length > 0;
    begun.push(isErased);
    const [was, is] = [before.get(id) ?? Buffer.alloc(0), await audioOf(api, id)];
    const [from, until] = [interval.startMs, interval.endMs].map(
      (ms) => WAV_HEADER + ms * BYTES_PER_MS,
    );
    expect(is.length).toBe(was.length);
    expect(is.subarray(0, from).equals(was.subarray(0, from))).toBe(true);
    expect(is.subarray(until).equals(was.subarray(until))).toBe(true);
    if (isErased) expect(is.subarray(from, until).every((byte) => byte === 0)).toBe(true);
    else expect(is.equals(was)).toBe(true);
  }
  expect(begun).toContain(true);
  expect(await hush.end('SIGTERM')).toBe(0);
}, 120_000);
