import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { reconcile } from '../../../src/domain/assurance/reconciliation.ts';
import { type Evidence, judge } from '../../../src/domain/assurance/verdict.ts';
import { alarmKinds } from '../../../src/domain/model/alarm.ts';
import { assuranceReasons } from '../../../src/domain/model/call-health.ts';
import type { GapReason } from '../../../src/domain/model/gap.ts';
import { noPackets } from '../../../src/domain/model/track.ts';
import { aCall, aGap, aTrack, at } from '../../store/samples.ts';

const docs = readFileSync(new URL('../../../docs/operate/assurance.md', import.meta.url), 'utf8');
const second = 8_000;

const sent = { ...noPackets, received: 500 };

/** A track of ten seconds; `packets` as of a stream without a fault. */
const track = (number: number, changes: object = {}) =>
  aTrack('call', {
    ...{ track: number, mixed: false, startPosition: 0, endPosition: 10 * second },
    packets: sent,
    ...{ clockWrongMs: 0, presence: null },
    ...changes,
  });
const gap = (reason: GapReason, length: number) =>
  aGap('call', { track: 0, start: 0, length, reason });

function evidence(changes: Partial<Evidence> = {}): Evidence {
  return {
    record: aCall({ status: 'live', endedAt: at + 10_000 }),
    tracks: [track(0), track(1)],
    ...{ gaps: [], readings: new Map(), alarms: new Set(), pauses: 0 },
    open: [{ start: at, end: at + 10_000 }],
    ...changes,
  };
}

const silent = { startPosition: null, endPosition: null };
const one = [track(0)];
const presence = { openedAt: at, closedAt: null, holds: [{ from: at, until: null }] };
/** Taken up after a crash; nobody knows of a packet. */
const maybe = { clockOrigin: null, presence: { openedAt: at, closedAt: null, holds: [] } };
const held = { ...silent, presence };
const brief = { ...silent, presence: { openedAt: at + 9_500, closedAt: null, holds: [] } };

describe('the verdict', () => {
  it.each<[string, Partial<Evidence>, string, string[]]>([
    ['nothing is missing', {}, 'complete', []],
    ['it was paused', { gaps: [gap('api', 5 * second)] }, 'complete', []],
    ['all of one side was paused', { gaps: [gap('api', 10 * second)] }, 'complete', []],
    ['it was held, silence announced', { gaps: [gap('silence', second)] }, 'complete', []],
    ['a few packets were lost', { gaps: [gap('loss', 480)] }, 'complete', []],
    ['more than 1 % was lost', { gaps: [gap('loss', 1_600)] }, 'degraded', ['audioLost']],
    ['Hush restarted', { gaps: [gap('restart', 160)] }, 'degraded', ['interrupted']],
    ['it was long in coming back', { gaps: [gap('restart', second)] }, 'degraded', ['interrupted']],
    ['a chunk is damaged', { gaps: [gap('lost', 160)] }, 'degraded', ['audioDamaged']],
    ['nobody could pause', { gaps: [gap('unattended', second)] }, 'degraded', ['unattended']],
    ['what was late for a pause is not kept', { gaps: [gap('guard', second)] }, 'complete', []],
    [
      'a clock stood still for a second',
      { tracks: [track(0, { clockWrongMs: 1_000 }), track(1)] },
      'complete',
      [],
    ],
    [
      'a clock stood still for longer',
      { tracks: [track(0, { clockWrongMs: 1_001 }), track(1)] },
      'degraded',
      ['clockWrong'],
    ],
    [
      'packets came from elsewhere',
      { tracks: [track(0), track(1, { packets: { ...sent, foreign: 1 } })] },
      'degraded',
      ['foreignMedia'],
    ],
    [
      'the machine could not keep up',
      { tracks: [track(0), track(1, { packets: { ...sent, overflowed: 1 } })] },
      'degraded',
      ['queueOverflowed'],
    ],
    ['the silent party came late', { tracks: [track(0), track(1, brief)] }, 'complete', []],
    ['all came late', { tracks: [track(0, brief), track(1, brief)] }, 'complete', ['tooShort']],
    ['all held', { tracks: [track(0, held), track(1, held)] }, 'complete', []],
    [
      'nobody sent while it was paused but for a moment',
      { tracks: [track(0, silent)], open: [{ start: at, end: at + 999 }] },
      'complete',
      ['tooShort'],
    ],
    [
      'one party was never heard',
      { tracks: [track(0), track(1, silent)] },
      'degraded',
      ['streamSilent', 'oneSided'],
    ],
    ['the silent party was on hold', { tracks: [track(0), track(1, held)] }, 'complete', []],
    [
      'one party was never heard, as far as a crash lets anybody know',
      { tracks: [track(0), track(1, maybe)], gaps: [gap('restart', 160)] },
      'degraded',
      ['streamSilent', 'oneSided', 'interrupted'],
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
    [
      'all of it is damaged',
      {
        tracks: one,
        gaps: [gap('lost', 10 * second)],
        record: aCall({ endedAt: at, parties: [] }),
      },
      'missing',
      ['nothingKept', 'audioDamaged'],
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
    const packets = { ...sent, received: 450, lost: 50 };
    const { tracks, ...call } = judge(evidence({ gaps, tracks: [track(0, { packets })] }));
    expect(tracks).toMatchObject([
      { expectedMs: 10_000, keptMs: 7_000, absentMs: 2_000, lostMs: 1_000, lossShare: 0.1 },
    ]);
    expect(call).toMatchObject({ keptMs: 7_000, absentMs: 2_000, lostMs: 1_000 });
  });
});

describe('docs/operate/assurance.md', () => {
  it('names every reason with its verdict and description, and no other', () => {
    const rows = [...docs.matchAll(/^\| `(\w+)` \| (complete|degraded|missing) \| ([^|]+) \|/gm)];
    const listed = rows.map(([, code, verdict, words]) => [code, verdict, words?.trim()]);
    const known = Object.entries(assuranceReasons).map(([code, { verdict, words }]) => {
      return [code, verdict, words];
    });
    expect(listed).toEqual(known);
  });

  it('or operating.md names every kind of alarm', () => {
    const operating = readFileSync(
      new URL('../../../docs/operate/operating.md', import.meta.url),
      'utf8',
    );
    const unnamed = alarmKinds.filter((kind) => !operating.includes(`| \`${kind}\` |`));
    expect(unnamed).toEqual([]);
  });
});

describe('reconciling', () => {
  it('puts each id in one list, where a good call hides no bad one of the same id', async () => {
    const whole = judge(evidence());
    const poor = judge(evidence({ gaps: [gap('loss', second)] }));
    const none = judge(evidence({ tracks: [track(0, silent)] }));
    const tooShort = judge(evidence({ tracks: [track(0, brief)] }));
    const done = { status: 'kept', endedAt: at, health: whole } as const;
    const calls = [
      aCall({ ...done, correlationId: 'good' }),
      aCall({ ...done, correlationId: 'poor', health: poor, id: 'poor-call' }),
      aCall({ ...done, correlationId: 'twice' }),
      aCall({ ...done, correlationId: 'twice', health: none }),
      aCall({ ...done, correlationId: 'gone', status: 'destroyed' }),
      aCall({ correlationId: 'now' }),
      aCall({ correlationId: 'unasked', status: 'empty', recorded: false }),
      aCall({ ...done, correlationId: 'brief', health: tooShort }),
      aCall({ ...done, correlationId: 'redialled', health: tooShort }),
      aCall({ ...done, correlationId: 'redialled' }),
      aCall({ ...done, correlationId: 'hidden', uccName: 'secret' }),
    ];
    const store = { callsByCorrelationId: async () => calls };
    const ids = ['good', 'poor', 'twice', 'gone', 'now', 'unasked', 'hidden', 'none', 'good'];
    ids.push('brief', 'redialled');
    expect(await reconcile(store, ids, (uccName) => uccName !== 'secret')).toEqual({
      complete: ['good', 'redialled'],
      degraded: [{ correlationId: 'poor', callId: 'poor-call', reasons: ['audioLost'] }],
      destroyed: ['gone'],
      inProgress: ['now'],
      missing: [
        { correlationId: 'twice', why: 'nothingKept' },
        { correlationId: 'unasked', why: 'notRecorded' },
        { correlationId: 'hidden', why: 'neverSeen' },
        { correlationId: 'none', why: 'neverSeen' },
        { correlationId: 'brief', why: 'tooShort' },
      ],
    });
  });
});
