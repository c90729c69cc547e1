import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type SegmentCodec, segmentFile } from '../../../src/protocols/segment/sealed-chunk.ts';
import { few } from '../../support/length.ts';
import { StoredCall } from '../stored-call.ts';
import { DamagedFile, finished, reasons, rowsOf, runsOf, told } from './damage.ts';
import { FRAME, harms, loudFrame, pcmOf, type Shape, shape, storedCall, track } from './harms.ts';

const calls: StoredCall[] = [];
afterEach(() => {
  for (const call of calls.splice(0)) call.remove();
});

async function recorded(of: Shape): Promise<StoredCall> {
  const call = await storedCall(of);
  calls.push(call);
  return call;
}

/** Left is the one track: samples that differ must be silent and marked lost. */
async function expectTruth(call: StoredCall, before: Buffer, gapsBefore: (string | null)[]) {
  const found = await finished(call);
  const told = reasons(found, track);
  const after = await pcmOf(call);
  expect(after.length).toBe(before.length);
  expect(told.length).toBe(gapsBefore.length);
  const wrong: string[] = [];
  for (let at = 0; at < told.length; at += 1) {
    const [was, is] = [before.readInt16LE(at * 4), after.readInt16LE(at * 4)];
    const [why, now] = [gapsBefore[at] ?? null, told[at] ?? null];
    // Absent audio keeps its reason; within a loss the reason is unknown.
    const isSame = now === why || (now === 'lost' && (why === null || why === 'loss'));
    const isPlayed = now === null ? is === was : is === 0;
    if (!isSame || !isPlayed) wrong.push(`${at}: ${was} ${why} is ${is} ${now}`);
  }
  expect(wrong.slice(0, 5)).toEqual([]);
  return found;
}

describe('a file that differs from what was sealed', () => {
  it.each(few(harms, 6))(
    '%s: keeps its length, plays the intact audio, and marks the rest lost',
    async (...harm) => {
      const [, harmed, much] = harm;
      const call = await recorded(shape);
      const gapsBefore = reasons(await finished(call), track);
      const before = await pcmOf(call);
      harmed(new DamagedFile(call, 1), call);
      const { gaps } = await expectTruth(call, before, gapsBefore);
      const lost = gaps.filter(({ reason }) => reason === 'lost');
      const lostMs = lost.reduce((sum, { length }) => sum + length / 8, 0);
      if (much === 'none') expect(lostMs).toBe(0);
      else if (much === 'all') expect(lostMs).toBe(4_000);
      else expect(lostMs).toBeGreaterThanOrEqual(20);
      if (much === 'some') expect(lostMs).toBeLessThan(4_000);
    },
  );

  it.each<SegmentCodec>(['PCMA', 'L16'])('is so with %s', async (codec) => {
    const call = await recorded({ ...shape, codec });
    const gapsBefore = reasons(await finished(call), track);
    const before = await pcmOf(call);
    const file = new DamagedFile(call, 1);
    file.flip(file.chunk(1).start + 200);
    const { gaps } = await expectTruth(call, before, gapsBefore);
    expect(gaps.filter(({ reason }) => reason === 'lost')).toHaveLength(1);
  });

  it.each<[SegmentCodec, number, number]>([
    ['G722', 8000, FRAME],
    ['OPUS', 48_000, 960],
  ])('of %s keeps every byte outside the damage', async (codec, clockRate, samples) => {
    const call = new StoredCall();
    calls.push(call);
    const one = call.track(codec, clockRate);
    for (let frame = 0; frame < 300; frame += 1)
      one.add(frame * samples, randomBytes(80 + (frame % 9)).fill(8, 0, 1), samples);
    await call.end();
    const before = await runsOf(call);
    const file = new DamagedFile(call, 0);
    file.flip(file.chunk(2).start + 40);
    const { runs } = file.chunk(2).header;
    const after = await runsOf(call);
    const isIn = (position: number) =>
      runs.some(({ offset }) => file.chunk(2).header.position + offset === position);
    expect(after).toEqual(before.filter(({ position }) => !isIn(position)));
    const found = await finished(call);
    const lost = runs.reduce((sum, run) => sum + run.samples, 0);
    expect(found.gaps.map(({ reason, length }) => [reason, length])).toEqual([['lost', lost]]);
    expect(found.lengthMs).toBe((300 * samples * 1000) / clockRate);
  });
});

type Blow = { readonly at: number; readonly kind: number; readonly length: number };

/** Damages any of the files. */
function strike(call: StoredCall, { at, kind, length }: Blow): void {
  const segments = rowsOf(call);
  const { segment } = segments[Math.floor(at * segments.length)] ?? { segment: 0 };
  let file: DamagedFile;
  try {
    file = new DamagedFile(call, segment);
  } catch {
    return;
  }
  const { bytes } = file;
  const place = Math.floor(((at * 7919) % 1) * bytes.length);
  const first = join(
    call.recordingsDir,
    segmentFile({ callId: call.callId, track: 0, segment: 0 }),
  );
  const blows = [
    () => file.flip(place, length % 8),
    () => file.zero(place, place + length),
    () => file.cut(place),
    () => file.remove(),
    () => file.write(Buffer.concat([bytes.subarray(0, place), bytes.subarray(place + length)])),
    () => file.write(Buffer.concat([bytes, randomBytes(length)])),
    () =>
      file.write(Buffer.concat([bytes.subarray(0, place), randomBytes(9), bytes.subarray(place)])),
    () => file.write(Buffer.concat([bytes.subarray(place), bytes.subarray(0, place)])),
    () => file.write(Buffer.concat([bytes, bytes])),
    () => existsSync(first) && file.write(new DamagedFile(call, 0).bytes),
    () => file.order(file.chunks.map((_, index) => index).reverse()),
  ];
  blows[kind % blows.length]?.();
}

describe('random damage to the files', () => {
  const part = fc.record({
    frames: fc.integer({ min: 1, max: 120 }),
    pause: fc.integer({ min: 1, max: 40 }),
  });
  const blow = fc.record({
    at: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    kind: fc.nat(10),
    length: fc.integer({ min: 1, max: 9_000 }),
  });

  it('preserves length, silence, and the sum of kept, absent and lost audio', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(part, { minLength: 1, maxLength: 4 }),
        fc.array(fc.nat(200), { maxLength: 6 }),
        fc.array(blow, { minLength: 1, maxLength: 3 }),
        async (parts, lost, blows) => {
          const whole = [...parts, { frames: 30, pause: 0 }];
          const call = await recorded({ parts: whole, lost: new Set(lost) });
          const gapsBefore = reasons(await finished(call), track);
          const before = await pcmOf(call);
          for (const one of blows) strike(call, one);
          await expectTruth(call, before, gapsBefore);
          call.remove();
        },
      ),
      { numRuns: 80 },
    );
  });
});

describe('a file that a crash left behind', () => {
  /** The process died: nothing closed the last segment or reported the end of the track. */
  async function crashed(): Promise<StoredCall> {
    const call = await recorded({
      parts: [
        { frames: 200, pause: 50 },
        { frames: 200, pause: 0 },
      ],
    });
    call.crash();
    return call;
  }

  it('cut within its last chunk shows a restart, not damage', async () => {
    const call = await crashed();
    const file = new DamagedFile(call, 1);
    file.cut(file.bytes.length - 10);
    const found = await finished(call);
    const { position, runs } = file.chunk(-1).header;
    const endMs = (position + (runs[0]?.offset ?? 0)) / 8;
    expect(told(found)).toEqual(['0: 4000+1000 api']);
    expect(found.lengthMs).toBe(endMs);
  });

  it('with zeros at its end shows a loss', async () => {
    const call = await crashed();
    const later = call.goOn(500 * FRAME);
    for (let frame = 500; frame < 520; frame += 1) later.add(frame * FRAME, loudFrame(FRAME));
    await call.end();
    const file = new DamagedFile(call, 1);
    const from = file.chunk(2).start;
    file.zero(from, file.bytes.length);
    const found = await finished(call);
    const fromMs =
      file.chunk(1).header.position / 8 + (file.chunk(1).header.runs[0]?.samples ?? 0) / 8;
    const [api, lost, restart, ...none] = told(found);
    expect([api, none]).toEqual(['0: 4000+1000 api', []]);
    expect(lost).toMatch(new RegExp(`^0: ${fromMs}\\+[\\d.]+ lost$`));
    expect(restart).toMatch(/ restart$/);
  });
});
