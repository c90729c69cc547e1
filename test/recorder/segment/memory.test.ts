import { rmSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildRtp, RTP_HEADER_BYTES } from '../../../src/protocols/rtp/packet.ts';
import { CallClock } from '../../../src/recorder/clock/track-clock.ts';
import { markerFrame } from '../../../src/simulator/marker-audio.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { VirtualCall } from '../intake/virtual-stream.ts';
import { spec } from '../recorder-fixture.ts';

const FRAME_MS = 20;
const BEGUN_MS = 2_000;

test('audio that is not kept is overwritten in the datagram that it came in', async () => {
  const folder = temporaryFolder();
  const call = new VirtualCall(folder, new CallClock(), 250);
  const stream = call.stream(spec);
  const send = (index: number, { sequence = index, atIndex = index } = {}): Buffer => {
    const fields = { payloadType: 0, sequence, timestamp: sequence * 160, ssrc: 1 };
    const datagram = buildRtp(fields, markerFrame(1, index));
    call.receive(stream, datagram, BEGUN_MS + atIndex * FRAME_MS);
    return datagram;
  };
  const isEmpty = (datagram: Buffer): boolean =>
    datagram.subarray(RTP_HEADER_BYTES).every((byte) => byte === 0);

  const kept = Array.from({ length: 50 }, (_, index) => send(index));
  expect(kept.slice(10).some(isEmpty)).toBe(false);
  call.command('shut', BEGUN_MS + 50 * FRAME_MS - 1);
  const paused = Array.from({ length: 50 }, (_, index) => send(50 + index));
  // One that came already, one that is no packet at all.
  paused.push(send(99));
  const nothing = Buffer.from('4111111111111111 0000');
  call.receive(stream, nothing, BEGUN_MS + 99 * FRAME_MS);
  expect(paused.every(isEmpty)).toBe(true);
  expect(nothing.every((byte) => byte === 0)).toBe(true);
  call.command('open', BEGUN_MS + 100 * FRAME_MS - 1);
  // What was sent in the pause comes behind the Start, and what the guard leaves out.
  const late = Array.from({ length: 5 }, (_, index) => {
    return send(90 + index, { sequence: 100 + index, atIndex: 100 + index });
  });
  expect(late.map(isEmpty)).toEqual(late.map(() => true));
  const again = Array.from({ length: 60 }, (_, index) => send(105 + index));
  expect(again.slice(-20).some(isEmpty)).toBe(false);
  await call.close(stream);
  rmSync(folder, { recursive: true, force: true });
});
