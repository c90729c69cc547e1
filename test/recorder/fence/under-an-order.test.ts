import { rmSync } from 'node:fs';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { buildRtp } from '../../../src/protocols/rtp/packet.ts';
import { CallClock } from '../../../src/recorder/clock/track-clock.ts';
import { ReleaseGuard } from '../../../src/recorder/fence/release-guard.ts';
import type { MediaStream } from '../../../src/recorder/media-stream.ts';
import { plainPcmu } from '../../support/agreements.ts';
import { temporaryFolder } from '../../support/hush/hush.ts';
import { VirtualCall } from '../intake/virtual-stream.ts';
import { spec } from '../recorder-fixture.ts';

const FRAME_MS = 20;
const FROM_MS = 1_000;

let folder: string;
let call: VirtualCall;
beforeEach(() => {
  folder = temporaryFolder();
  call = new VirtualCall(folder, new CallClock());
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const atMs = (index: number) => FROM_MS + index * FRAME_MS;

function opus(stream: MediaStream, index: number, comesAtMs = atMs(index)): void {
  const fields = { payloadType: 96, sequence: index, timestamp: index * 960, ssrc: 1 };
  call.receive(stream, Buffer.from(buildRtp(fields, Uint8Array.of(8, index))), comesAtMs);
}

/** Numbers of the packets of Opus that are in the files. */
async function keptOpus(stream: MediaStream): Promise<number[]> {
  await call.close(stream);
  return (await call.runs(0)).map(({ audio }) => audio[1] ?? 0).sort((a, b) => a - b);
}

it('keeps no packet of Opus that may carry a copy, though the next Pause is under way', async () => {
  const agreed = { ...plainPcmu, codec: 'OPUS', payloadType: 96 } as const;
  const stream = call.stream({ ...spec, clockRate: 48_000, agreed });
  for (let index = 0; index < 100; index += 1) opus(stream, index);
  call.command('shut', atMs(100));
  for (let index = 100; index < 120; index += 1) opus(stream, index);
  call.command('open', atMs(120));
  // The first one carries a coarse copy of the one before the Start; the second one does not.
  call.command('shut', atMs(122), {
    under: () => {
      opus(stream, 120, atMs(122));
      opus(stream, 121, atMs(122));
    },
  });
  const kept = await keptOpus(stream);
  expect(kept.filter((index) => index >= 100)).toEqual([121]);
});

it('leaves out a digit whose event comes while a Pause is under way', async () => {
  const stream = call.stream(spec);
  const packet = (index: number, payload: Uint8Array, payloadType = 0): Buffer =>
    Buffer.from(
      buildRtp({ payloadType, sequence: index, timestamp: index * 160, ssrc: 1 }, payload),
    );
  for (let index = 0; index < 10; index += 1) {
    call.receive(stream, packet(index, new Uint8Array(160).fill(0x55)), atMs(index));
  }
  // An event of two frames, which began with the last one that was heard.
  const event = packet(9, Uint8Array.of(5, 0x0a, 0x01, 0x40), 101);
  event.writeUInt16BE(10, 2);
  call.command('shut', atMs(10), { under: () => call.receive(stream, event, atMs(10)) });
  await call.close(stream);
  const audio = (await call.runs(0)).reduce((sum, run) => sum + run.audio.length, 0);
  expect(audio).toBe(9 * 160);
});

it('a hold that ends after a Start was asked for is not undone by it', () => {
  const guard = new ReleaseGuard(100);
  guard.released(1_000);
  guard.released(800);
  expect(guard.passes({ position: 0 } as never, 1_050)).toBe(false);
  expect(guard.passes({ position: 0 } as never, 1_100)).toBe(true);
});
