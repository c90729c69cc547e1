import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { assuranceReasons, type Evidence, judge } from '../../src/domain/assurance.ts';
import { reconcile } from '../../src/domain/assurance-reconcile.ts';
import { alarmKinds } from '../../src/domain/events.ts';
import { aCall, aGap, aTrack, at } from '../store/samples.ts';

const docs = readFileSync(new URL('../../docs/operate/assurance.md', import.meta.url), 'utf8');
const second = 8_000;

/** A track of ten seconds; `packets` as of a stream without a fault. */
const track = (number: number, changes: object = {}) =>
  aTrack('call', {
    ...{ track: number, mixed: false, startPosition: 0, endPosition: 10 * second },
    packets: { ...aTrack('').packets, received: 500, lost: 0 },
    ...changes,
  });
const gap = (reason: 'loss' | 'restart' | 'api' | 'hold' | 'silence', length: number) =>
  aGap('call', { track: 0, start: 0, length, reason });

function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    record: aCall({ status: 'live', endedAt: at + 10_000 }),
    tracks: [track(0), track(1)],
    ...{ gaps: [], expectations: new Map(), alarms: new Set(), pauses: 0 },
    ...changes,
  };
}

const silent = { startPosition: null, endPosition: null };
const one = [track(0)];
const heldAllAlong = new Map([[1, { expectedMs: 0, jitterMs: null, received: 0, lost: 0 }]]);

describe('the verdict', () => {
  it.each<[string, Partial<Evidence>, string, string[]]>([
    ['nothing is missing', {}, 'complete', []],
    ['it was paused', { gaps: [gap('api', 5 * second)] }, 'complete', []],
    ['all of one side was paused', { gaps: [gap('api', 10 * second)] }, 'complete', []],
    ['it was held, silence announced', { gaps: [gap('silence', second)] }, 'complete', []],
    ['a few packets were lost', { gaps: [gap('loss', 480)] }, 'complete', []],
    ['more than 1 % was lost', { gaps: [gap('loss', 1_600)] }, 'degraded', ['audioLost']],
    ['Hush restarted', { gaps: [gap('restart', 160)] }, 'degraded', ['interrupted']],
    [
      'one party was never heard',
      { tracks: [track(0), track(1, silent)] },
      'degraded',
      ['streamSilent', 'oneSided'],
    ],
    [
      'the silent party was on hold',
      { tracks: [track(0), track(1, silent)], expectations: heldAllAlong },
      'complete',
      [],
    ],
    ['one stream of two parties', { tracks: one }, 'degraded', ['partyMissing']],
    ['one mixed stream', { tracks: [track(0, { mixed: true })] }, 'complete', []],
    ['nobody sent', { tracks: [track(0, silent), track(1, silent)] }, 'missing', ['noMedia']],
    [
      'nothing of what came is there',
      {
        tracks: one,
        gaps: [gap('loss', 10 * second)],
        record: aCall({ endedAt: at, parties: [] }),
      },
      'missing',
      ['nothingKept', 'audioLost'],
    ],
    ['the disk was full', { alarms: new Set(['storageFailed']) }, 'degraded', ['storageFailed']],
    [
      'nobody asked for it',
      { record: aCall({ recorded: false, endedAt: at }), tracks: [] },
      'complete',
      ['notAsked'],
    ],
    [
      'it is in progress and one side is overdue',
      { record: aCall(), gaps: undefined, alarms: new Set(['mediaOneSided']) },
      'degraded',
      ['streamSilent'],
    ],
  ])('%s', (_, changes, verdict, reasons) => {
    expect(judge(evidence(changes))).toMatchObject({ verdict, reasons });
  });

  it('comes with the figures of each track', () => {
    const gaps = [gap('loss', second), gap('api', 2 * second)];
    const packets = { ...aTrack('').packets, received: 450, lost: 50 };
    const { tracks, ...call } = judge(evidence({ gaps, tracks: [track(0, { packets })] }));
    expect(tracks).toMatchObject([
      { expectedMs: 10_000, keptMs: 7_000, absentMs: 2_000, lostMs: 1_000, lossShare: 0.1 },
    ]);
    expect(call).toMatchObject({ keptMs: 7_000, absentMs: 2_000, lostMs: 1_000 });
  });
});

describe('docs/operate/assurance.md', () => {
  it('names every reason with its verdict and its words, and no other', () => {
    const rows = [...docs.matchAll(/^\| `(\w+)` \| (complete|degraded|missing) \| ([^|]+) \|/gm)];
    const listed = rows.map(([, code, verdict, words]) => [code, verdict, words?.trim()]);
    const known = Object.entries(assuranceReasons).map(([code, { verdict, words }]) => {
      return [code, verdict, words];
    });
    expect(listed).toEqual(known);
  });

  it('or operating.md names every kind of alarm', () => {
    const operating = readFileSync(
      new URL('../../docs/operate/operating.md', import.meta.url),
      'utf8',
    );
    const unnamed = alarmKinds.filter((kind) => !operating.includes(`| \`${kind}\` |`));
    expect(unnamed).toEqual([]);
  });
});

describe('reconciling', () => {
  it('puts each id in one list; a good call hides no bad one of the same id', async () => {
    const whole = judge(evidence());
    const poor = judge(evidence({ gaps: [gap('loss', second)] }));
    const none = judge(evidence({ tracks: [track(0, silent)] }));
    const done = { status: 'kept', endedAt: at, health: whole } as const;
    const calls = [
      aCall({ ...done, correlationId: 'good' }),
      aCall({ ...done, correlationId: 'poor', health: poor, id: 'poor-call' }),
      aCall({ ...done, correlationId: 'twice' }),
      aCall({ ...done, correlationId: 'twice', health: none }),
      aCall({ ...done, correlationId: 'gone', status: 'destroyed' }),
      aCall({ correlationId: 'now' }),
      aCall({ correlationId: 'unasked', status: 'empty', recorded: false }),
      aCall({ ...done, correlationId: 'hidden', uccName: 'secret' }),
    ];
    const store = { callsByCorrelationId: async () => calls };
    const ids = ['good', 'poor', 'twice', 'gone', 'now', 'unasked', 'hidden', 'none', 'good'];
    expect(await reconcile(store, ids, (uccName) => uccName !== 'secret')).toEqual({
      complete: ['good'],
      degraded: [{ correlationId: 'poor', callId: 'poor-call', reasons: ['audioLost'] }],
      destroyed: ['gone'],
      inProgress: ['now'],
      missing: [
        { correlationId: 'twice', why: 'nothingKept' },
        { correlationId: 'unasked', why: 'notRecorded' },
        { correlationId: 'hidden', why: 'neverSeen' },
        { correlationId: 'none', why: 'neverSeen' },
      ],
    });
  });
});
