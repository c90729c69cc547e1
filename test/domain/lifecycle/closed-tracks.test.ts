import { describe, expect, it } from 'vitest';
import type { Call, CallStream } from '../../../src/domain/call/call.ts';
import { presenceSince } from '../../../src/domain/call/stream-presence.ts';
import { StreamClosing } from '../../../src/domain/lifecycle/stream-closing.ts';
import { endedTrack, leftTrack } from '../../../src/domain/lifecycle/track-records.ts';
import { noPackets } from '../../../src/domain/model/track.ts';
import type { AlarmSink } from '../../../src/domain/ports/alarm-sink.ts';
import type { Recorder, TrackSummary } from '../../../src/domain/ports/recorder.ts';
import { plainPcmu } from '../../support/agreements.ts';

const began = {
  startPosition: 800,
  initialReason: null,
  clockOrigin: { at: 0, monotonicMs: 0, bootId: 'b' },
};
/** What a process told before it handed the stream over. */
const told = {
  endPosition: 16_000,
  reasonChanges: [{ position: 9_000, reason: 'hold' as const }],
  packets: { ...noPackets, received: 95, lost: 5 },
  clockWrongMs: 30,
};
const stream: CallStream = {
  ...{ track: 0, port: 5000, sessionId: 's', label: '1', aor: null, role: 'other' },
  ...{ clockRate: 8000, mixed: false, suppressDtmf: false, held: false },
  ...{ presence: presenceSince(0, false), agreed: plainPcmu, began, told },
};
const summary = {
  ...{ track: 0, startPosition: 17_000, endPosition: 24_000, initialReason: 'restart' as const },
  reasonChanges: [{ position: 20_000, reason: 'api' as const }],
  packets: { ...noPackets, received: 40, overflowed: 2 },
  clockWrongMs: 5,
};

describe('the track of a stream that has been closed', () => {
  it('holds what every process told of it that had it', () => {
    expect(endedTrack('c', stream, summary)).toMatchObject({
      ...{ startPosition: 800, endPosition: 24_000, initialReason: null, clockWrongMs: 35 },
      reasonChanges: [...told.reasonChanges, ...summary.reasonChanges],
      packets: { ...noPackets, received: 135, lost: 5, overflowed: 2 },
    });
  });

  it('ends where the process before left it, where nothing came since', () => {
    const nothing = { ...summary, startPosition: null, endPosition: null };
    expect(endedTrack('c', stream, nothing)).toMatchObject({ endPosition: 16_000 });
  });

  it('counts what an older release did not', () => {
    const { overflowed: _, ...older } = told.packets;
    const before = { ...stream, told: { ...told, packets: older as typeof noPackets } };
    expect(endedTrack('c', before, summary).packets.overflowed).toBe(2);
  });

  const leaving = (closedAtMs: number | null) => ({ closedAt: 5_000, closedAtMs });

  it('ends where its leg left, where the thread that had it was gone', () => {
    expect(leftTrack('c', stream, leaving(3_000))).toMatchObject({ ...told, endPosition: 24_000 });
    expect(leftTrack('c', stream, leaving(1_000))).toMatchObject(told);
    const nothingTold = { ...stream, told: { ...told, endPosition: null } };
    expect(leftTrack('c', nothingTold, leaving(10))).toMatchObject({ endPosition: 800 });
  });

  const silent = { ...stream, began: undefined, told: { ...told, endPosition: null } };

  it('is missing from its opening on, where nobody told of its first packet', () => {
    const opened = { ...silent, presence: presenceSince(4_000, false) };
    expect(leftTrack('c', opened, leaving(3_000))).toMatchObject({
      ...{ startPosition: 16_000, endPosition: 24_000, initialReason: 'restart' },
    });
    expect(leftTrack('c', opened, leaving(500))).toMatchObject({ startPosition: 0 });
  });

  it('has no end where nothing is known to have come to the call', () => {
    const none = { startPosition: null, endPosition: null };
    expect(leftTrack('c', silent, leaving(null))).toMatchObject(none);
  });
});

describe('streams that are closed while their media thread is being replaced', () => {
  const call = { id: 'c', correlationId: 'x', uccName: 'u' } as Call;
  const closed = (closeStreams: () => Promise<TrackSummary[]>) => {
    const alarms: string[] = [];
    const closing = new StreamClosing({
      recorder: { closeStreams, positionMs: () => 3_000 } as unknown as Recorder,
      clock: { now: () => 5_000 },
      alarms: { raise: ({ kind }: { kind: string }) => alarms.push(kind) } as unknown as AlarmSink,
    });
    return {
      alarms,
      by: (closedBy: 'end' | 'restart') => closing.close(call, [stream], closedBy),
    };
  };

  it('are missing up to then, for whoever goes on with them', async () => {
    const { tracks, summaries } = await closed(async () => []).by('restart');
    expect(summaries).toEqual([]);
    expect(tracks).toMatchObject([{ endPosition: 24_000, presence: { closedAt: null } }]);
  });

  it('are so, and have left, where their call ends', async () => {
    const { tracks } = await closed(async () => []).by('end');
    expect(tracks).toMatchObject([{ endPosition: 24_000, presence: { closedAt: 5_000 } }]);
  });

  it('are so where the thread died meanwhile, which is an alarm', async () => {
    const { alarms, by } = closed(() => Promise.reject(new Error('gone')));
    expect((await by('end')).tracks).toMatchObject([{ endPosition: 24_000 }]);
    expect(alarms).toEqual(['workerDied']);
  });

  it('end as their thread told otherwise', async () => {
    const { tracks } = await closed(async () => [{ ...summary, endPosition: 20_000 }]).by(
      'restart',
    );
    expect(tracks).toMatchObject([{ endPosition: 20_000, clockWrongMs: 35 }]);
  });
});
