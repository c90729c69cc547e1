import { afterEach, describe, expect, it } from 'vitest';
import { finishedRecording } from '../../../src/archive/segment/finished-recording.ts';
import type { CallDetailRecord } from '../../../src/domain/model/call-detail.ts';
import { StateAction, stateActionName } from '../../../src/domain/model/recording-state.ts';
import type { TrackRecord } from '../../../src/domain/model/track.ts';
import { aCall, aDetail } from '../../store/samples.ts';
import { unsealing } from '../../support/audio/unsealing.ts';
import { few } from '../../support/length.ts';
import type { StoredCall } from '../stored-call.ts';
import { DamagedFile, reasons, rowsOf } from './damage.ts';
import { FRAME, harms, pcmOf, shape, storedCall, track } from './harms.ts';

const calls: StoredCall[] = [];
afterEach(() => {
  for (const call of calls.splice(0)) call.remove();
});

describe('a recording of a release that stored nothing about its segments', () => {
  /** Rows without data about sealed audio, and receipts of the pauses. */
  async function older(recorded = shape) {
    const call = await storedCall(recorded);
    calls.push(call);
    const origin = 1_790_000_000_000;
    const one = call.tracks[0] as TrackRecord;
    const clockOrigin = { at: origin, monotonicMs: 0, bootId: 'b' };
    const command = (action: StateAction, frame: number, position: number): CallDetailRecord => ({
      ...aDetail(aCall()),
      action,
      detail: `RecorderSetTo${stateActionName(action)}ByAgent`,
      effectiveAt: origin + frame * 20,
      streams: [{ track: 0, lastSequence: 7, lastPosition: position * FRAME, guardMs: null }],
    });
    const details = [
      command(StateAction.Pause, 200, 200),
      command(StateAction.Start, 250, 200),
      command(StateAction.Pause, 450, 450),
      command(StateAction.Start, 475, 450),
    ];
    const rows = rowsOf(call).map((row) => ({ ...row, sealed: null }));
    const look = () =>
      finishedRecording(unsealing(call), {
        tracks: [{ ...one, clockOrigin }],
        segments: rows,
        details,
      });
    return { call, look };
  }

  it.each(few(harms, 6))(
    '%s: losses are found by receipts, chunk numbers and bytes',
    async (...harm) => {
      const [, harmed, much] = harm;
      const { call, look } = await older();
      const gapsBefore = reasons(await look(), track);
      const before = await pcmOf(call);
      harmed(new DamagedFile(call, 1), call);
      const found = await look();
      const after = await pcmOf(call);
      const now = reasons(found, track);
      expect([after.length, now.length]).toEqual([before.length, gapsBefore.length]);
      const wrong = now.flatMap((reason, at) => {
        const [was, is] = [before.readInt16LE(at * 4), after.readInt16LE(at * 4)];
        if (reason === null ? is === was : is === 0) return [];
        return [`${at}: ${was} ${gapsBefore[at]} is ${is} ${reason}`];
      });
      expect(wrong.slice(0, 5)).toEqual([]);
      const lost = now.filter((reason, at) => reason === 'lost' && gapsBefore[at] === null).length;
      const gone = now.filter((reason, at) => reason !== null && gapsBefore[at] === null).length;
      // Without the receipt, the loss of the last chunk alone could not be detected: here it is.
      if (much === 'none') expect(gone).toBe(0);
      else expect(lost / gone, `${JSON.stringify(found.gaps)}`).toBeGreaterThan(0.99);
      const api = now.filter((reason) => reason === 'api').length;
      expect(api).toBeGreaterThan(0.99 * 75 * FRAME);
    },
  );

  it.each([1, 2])(
    'marks a missing last chunk of %i packets as lost, not paused',
    async (packets) => {
      const { call, look } = await older({ ...shape, sealedBefore: new Set([450 - packets]) });
      const file = new DamagedFile(call, 1);
      file.flip(file.bytes.length - 20);
      const lost = (await look()).gaps.filter(({ reason }) => reason === 'lost');
      expect(lost.map(({ start, length }) => [start / FRAME, length / FRAME])).toEqual([
        [450 - packets, packets],
      ]);
    },
  );

  it('marks a missing file as lost, not paused', async () => {
    const { call, look } = await older();
    for (const segment of [0, 1, 2]) new DamagedFile(call, segment).remove();
    const gaps = (await look()).gaps.map(({ reason }) => reason);
    expect(gaps).toEqual(['lost', 'api', 'lost', 'api', 'lost']);
  });
});
