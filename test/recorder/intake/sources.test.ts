import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findMarkers, markerFrame } from '../../../src/simulator/marker-audio.ts';
import { RecorderFixture } from '../recorder-fixture.ts';

let fixture: RecorderFixture;
beforeEach(() => {
  fixture = new RecorderFixture();
});
afterEach(() => fixture.close());

describe('sources that change and collide', () => {
  it('none of them gets through a shut gate, whatever its SSRC, number or timestamp', async () => {
    const callId = randomUUID();
    const [port = 0] = await fixture.begin(callId);
    let index = 0;
    const send = async (count: number): Promise<void> => {
      for (let sent = 0; sent < count; sent += 1) {
        // Two sources on one port, and a third with the first one's SSRC and another's numbers.
        const ssrc = index % 3 === 1 ? 2 : 1;
        const timestamp = index % 3 === 2 ? 0x7fff_0000 + index * 160 : index * 160;
        const fields = { ssrc, timestamp, sequence: (index * 7) & 0xffff };
        await fixture.rtp(port, fields, markerFrame(1, index));
        index += 1;
      }
    };
    await send(30);
    await fixture.recorder.shut(callId, { reason: 'api', lookbackMs: 0 });
    await send(30);
    await fixture.recorder.open(callId);
    await send(30);
    const [summary] = await fixture.recorder.closeStreams(callId, [0]);
    // A third comes from the other source, of which each stream has one.
    const { received, foreign, kept: counted = 0, gated = 0 } = summary?.packets ?? {};
    expect([received, foreign, counted + gated]).toEqual([90, 30, 60]);
    expect(gated).toBeGreaterThanOrEqual(20);
    // Sources that speak at once lie on each other: not every frame can be told apart.
    const runs = [...(await fixture.stored(callId)).values()];
    const kept = runs.flatMap((run) => [...findMarkers(run)].map((marker) => marker.index));
    expect(kept.filter((one) => one >= 30 && one < 60)).toEqual([]);
    expect(kept.length).toBeGreaterThan(10);
  });
});
