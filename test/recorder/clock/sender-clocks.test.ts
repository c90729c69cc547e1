import { rmSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { CallClock } from '../../../src/recorder/clock/track-clock.ts';
import { findMarkers, markerFrame } from '../../../src/simulator/marker-audio.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { VirtualCall } from '../intake/virtual-stream.ts';
import { spec } from '../recorder-fixture.ts';

const FRAME_MS = 20;
const FRAME = 160;
const FRAMES = 9_000;
/** As a client holds back the one party that it transcodes. */
const HELD_BACK_MS = 120;
const NTP_1970 = 2_208_988_800;
/** Unix ms at which both parties begin to speak, by the sender's clock. */
const BEGAN_AT = 1_790_000_000_000;

/** RFC 3550 sections 6.4.1 and 6.5: what was sampled when, and by whom. */
function senderReport(ssrc: number, index: number): Buffer {
  const datagram = Buffer.alloc(44);
  const unixMs = BEGAN_AT + index * FRAME_MS;
  datagram.set([0x80, 200, 0, 6]);
  datagram.writeUInt32BE(ssrc, 4);
  datagram.writeUInt32BE(NTP_1970 + Math.floor(unixMs / 1000), 8);
  datagram.writeUInt32BE(Math.floor(((unixMs % 1000) / 1000) * 2 ** 32), 12);
  datagram.writeUInt32BE(index * FRAME, 16);
  datagram.set([0x81, 202, 0, 3], 28);
  datagram.writeUInt32BE(ssrc, 32);
  datagram.set([1, 3, ...Buffer.from('sbc'), 0], 36);
  return datagram.subarray(0, 44);
}

describe('streams of one sender, one of which comes later than the other', () => {
  const folder = temporaryFolder();
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  it('are aligned as its reports say', async () => {
    const call = new VirtualCall(folder, new CallClock());
    const agreed = { ...spec.agreed, rtcp: { mux: true, address: null, port: null } };
    const streams = [0, 1].map((track) => call.stream({ ...spec, agreed, track }));
    for (let index = 0; index < FRAMES; index += 1) {
      for (const [track, stream] of streams.entries()) {
        const late = track * HELD_BACK_MS;
        const frame = index - late / FRAME_MS;
        if (frame < 0) continue;
        const fields = { payloadType: 0, sequence: frame, timestamp: frame * FRAME, ssrc: track };
        const atMs = 2_000 + index * FRAME_MS;
        call.receive(stream, buildRtp(fields, markerFrame(track, frame)), atMs);
        if (frame % 250 === 100) call.control(stream, senderReport(track, frame), atMs);
      }
    }
    for (const stream of streams) await call.close(stream);
    const apart = await Promise.all(
      [0, 1].map(async (track) => {
        const places = new Map<number, number>();
        for (const { position, audio } of await call.runs(track)) {
          for (const { index, offset } of findMarkers(audio)) places.set(index, position + offset);
        }
        return places;
      }),
    );
    const [first, second] = apart as [Map<number, number>, Map<number, number>];
    const apartMs = (frame: number) =>
      ((second.get(frame) ?? Number.NaN) - (first.get(frame) ?? Number.NaN)) / 8;
    expect(apartMs(60)).toBeCloseTo(HELD_BACK_MS, 0);
    expect(Math.abs(apartMs(FRAMES - 60))).toBeLessThan(2);
  });
});
