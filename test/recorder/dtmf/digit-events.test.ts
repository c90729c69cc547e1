import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { CallClock } from '../../../src/recorder/clock/track-clock.ts';
import { markerFrame } from '../../../src/simulator/marker-audio.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { VirtualCall } from '../intake/virtual-stream.ts';
import { spec } from '../recorder-fixture.ts';

const FRAME = 160;
const FRAME_MS = 20;

/** What a gateway sends at 20 ms `index`: an event has its own numbers between those of audio. */
interface Sent {
  readonly payloadType: number;
  readonly timestamp: number;
  readonly payload: Uint8Array;
  readonly atMs: number;
}

function audio(index: number): Sent {
  const payload = markerFrame(1, index);
  return { payloadType: 0, timestamp: index * FRAME, payload, atMs: index * FRAME_MS };
}

/** RFC 4733 section 2.3: digit, end and volume, duration. */
function event(start: number, frames: number, ended: boolean): Sent {
  const payload = Buffer.from([5, ended ? 0x8a : 0x0a, 0, 0]);
  payload.writeUInt16BE(frames * FRAME, 2);
  const atMs = (start + frames) * FRAME_MS - 1;
  return { payloadType: 101, timestamp: start * FRAME, payload, atMs };
}

describe('RFC 4733 events', () => {
  const folders: string[] = [];
  afterAll(() => folders.forEach((folder) => void rmSync(folder, { recursive: true })));

  async function record(packets: readonly Sent[]) {
    const folder = temporaryFolder();
    folders.push(folder);
    const call = new VirtualCall(folder, new CallClock());
    const stream = call.stream(spec);
    for (const [sequence, { payloadType, timestamp, payload, atMs }] of packets.entries()) {
      const packet = buildRtp({ payloadType, timestamp, sequence, ssrc: 1 }, payload);
      call.receive(stream, packet, 1_000 + atMs);
    }
    const { packets: counts } = await call.close(stream);
    const runs = await call.runs(0);
    const kept = runs.flatMap(({ position, audio: bytes }) =>
      Array.from({ length: bytes.length / FRAME }, (_, at) => position / FRAME + at),
    );
    const leftOut = (await call.coverage(0)).flatMap(({ spans }) =>
      spans.flatMap(({ start, end, leftOut: why }) => (why ? [[start, end, why]] : [])),
    );
    return { counts, kept, leftOut };
  }

  const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);

  it('leave a gap of their length where the client sends them instead of audio', async () => {
    const packets = [
      ...upTo(10).map(audio),
      ...upTo(5).map((count) => event(10, count + 1, false)),
      ...[event(10, 5, true), event(10, 5, true), event(10, 5, true)],
      ...upTo(10).map((index) => audio(15 + index)),
    ];
    const { counts, kept, leftOut } = await record(packets);
    expect(kept).toEqual([...upTo(10), ...upTo(10).map((index) => 15 + index)]);
    expect(leftOut).toContainEqual([10 * FRAME, 15 * FRAME, 'dtmf']);
    expect(leftOut.every(([, , why]) => why === 'dtmf')).toBe(true);
    expect(counts).toMatchObject({ dtmf: 8, kept: 20, unusable: 0, lost: 0 });
  });

  it('remove audio of their time, though it came before their first packet', async () => {
    const packets = [
      ...upTo(10).map(audio),
      // The audio of each 20 ms comes before the update that covers it.
      ...upTo(5).flatMap((count) => [audio(10 + count), event(10, count + 1, false)]),
      event(10, 5, true),
      ...upTo(10).map((index) => audio(15 + index)),
    ];
    const { kept, leftOut } = await record(packets);
    expect(kept).toEqual([...upTo(10), ...upTo(10).map((index) => 15 + index)]);
    expect(leftOut[0]).toEqual([10 * FRAME, 15 * FRAME, 'dtmf']);
  });

  it('differ from packets of an unknown type, which are neither lost nor silence', async () => {
    const strange = (index: number): Sent => ({ ...audio(index), payloadType: 96 });
    const packets = [
      ...upTo(10).map(audio),
      ...upTo(5).map((index) => strange(10 + index)),
      ...upTo(10).map((index) => audio(15 + index)),
    ];
    const { counts, leftOut } = await record(packets);
    expect(counts).toMatchObject({ kept: 20, unusable: 5, lost: 0, reordered: 0 });
    expect(leftOut).toEqual([]);
  });

  it('end a little after the last update of one whose end was lost', async () => {
    const packets = [
      ...upTo(10).map(audio),
      event(10, 1, false),
      ...upTo(20).map((index) => audio(11 + index)),
    ];
    const { kept } = await record(packets);
    expect(kept).toEqual([...upTo(10), ...upTo(15).map((index) => 16 + index)]);
  });
});
