import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setImmediate as turn } from 'node:timers/promises';
import { afterAll, beforeAll, expect } from 'vitest';
import { recordingOf } from '../../support/api.ts';
import { TestCaller } from '../../support/calls.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { HushProcess, type HushProcessOptions } from '../../support/hush/hush-process.ts';
import { longTest } from '../../support/length.ts';
import { freeRtpPorts } from '../../support/ports.ts';

const BYTES_PER_MS = 32;
const WAV_HEADER = 44;
const interval = { startMs: 200, endMs: 500 };

const dataDir = temporaryFolder();

/** True once the erasure is on record, and in this state if one is named. */
function isRecorded(id: string, state?: string): boolean {
  const database = new DatabaseSync(join(dataDir, 'hush.sqlite'), { readOnly: true });
  try {
    const rows = database.prepare('select state from erasures where call_id = ?').all(id);
    return rows.some((row) => state === undefined || row.state === state);
  } finally {
    database.close();
  }
}

/** Moments from the request to its end. */
const moments: readonly ((id: string) => boolean)[] = [
  () => true,
  (id) => isRecorded(id),
  (id) => existsSync(join(dataDir, 'recordings', id, '0-0.1.seg')),
  (id) => existsSync(join(dataDir, 'recordings', id, '1-0.1.seg')),
  (id) => isRecorded(id, 'done'),
];
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

longTest(
  'a Hush that is killed while it erases goes on with it at its next start',
  async () => {
    const options: HushProcessOptions = { dataDir, rtpPorts: await freeRtpPorts() };
    let hush = await HushProcess.start(options);
    const ids: string[] = [];
    for (const _ of moments) {
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
    for (const [index, hasCome] of moments.entries()) {
      const id = ids[index] as string;
      const asking = fetch(`${hush.api}/api/recordings/${id}/erasures`, {
        method: 'POST',
        ...{ headers, body },
      }).catch(() => undefined);
      while (!hasCome(id)) await turn();
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
    // Whether the request of the first was heard before its kill is not known.
    expect(begun.slice(1)).toEqual([true, true, true, true]);
    expect(await hush.end('SIGTERM')).toBe(0);
  },
  120_000,
);
