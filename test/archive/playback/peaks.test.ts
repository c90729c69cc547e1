import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openSqlite } from '../../../src/store/sqlite/sqlite.ts';
import { SqlStore } from '../../../src/store/store.ts';
import { l16, StoredCall } from '../stored-call.ts';

it('the wave form has the lowest and the highest sample of each fiftieth of a second, per channel', async () => {
  const call = new StoredCall();
  const store = await SqlStore.open(openSqlite(join(call.recordingsDir, 'hush.sqlite')));
  const agent = call.track('L16', 16_000, { role: 'agent' });
  const other = call.track('L16', 16_000);
  // A second: a step at 0.5 s at the left; at the right nothing before 0.25 s, then a dip.
  const left = Int16Array.from({ length: 16_000 }, (_, at) => (at < 8_000 ? 0x1000 : -0x4000));
  const right = Int16Array.from({ length: 11_840 }, (_, at) => (at === 6_000 ? -0x7fff : 0x200));
  agent.addAll(0, l16(left), { samples: 320, bytes: 640 });
  other.addAll(4_000, l16(right), { samples: 320, bytes: 640 });
  await call.end();
  await store.commit({ tracks: call.tracks, segments: call.segments });
  const archive = call.archive(store, 1);
  for (let time = 0; time < 2; time += 1) {
    const { pointsPerSecond, channels } = await archive.peaks(call.callId);
    expect(pointsPerSecond).toBe(50);
    const [one, two] = channels;
    expect([...(one?.max ?? [])]).toEqual(
      Array.from({ length: 50 }, (_, at) => (at < 25 ? 16 : 0)),
    );
    expect([...(one?.min ?? [])]).toEqual(
      Array.from({ length: 50 }, (_, at) => (at < 25 ? 0 : -64)),
    );
    // Sample 10,000 is in point 31.
    expect(two?.min[31]).toBe(-128);
    expect([two?.max[5], two?.max[20], two?.max[49]]).toEqual([0, 2, 2]);
  }
  expect(await store.keeping.derived(call.callId)).toHaveLength(1);
  await archive.close();
  await store.close();
  call.remove();
});
