import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Span } from '../../../src/domain/common/span.ts';
import type { GapReason, ReasonChange } from '../../../src/domain/model/gap.ts';
import {
  type CoveredSpan,
  gapsOf,
  type SegmentCoverage,
} from '../../../src/domain/recording/gap-map.ts';

const span = (start: number, end: number): CoveredSpan => ({ start, end, leftOut: null });

const without = (leftOut: GapReason, start: number, end: number): CoveredSpan => ({
  ...span(start, end),
  leftOut,
});

function segment(closedBy: SegmentCoverage['closedBy'], ...spans: CoveredSpan[]): SegmentCoverage {
  return { closedBy, spans };
}

/** As `start+length reason`. */
function gaps(
  extent: Span,
  segments: readonly SegmentCoverage[],
  initialReason: GapReason | null = null,
  reasonChanges: readonly ReasonChange[] = [],
): string[] {
  const slip = 2;
  const coverage = { callId: 'c', track: 1, extent, slip, initialReason, reasonChanges, segments };
  return gapsOf(coverage).map(({ callId, track, start, length, reason }) => {
    expect([callId, track]).toEqual(['c', 1]);
    return `${start}+${length} ${reason}`;
  });
}

describe('gapsOf', () => {
  test.each<[string, string[], string[]]>([
    ['nothing is missing', gaps(span(0, 100), [segment('end', span(0, 100))]), []],
    ['an empty track', gaps(span(0, 0), []), []],
    ['nothing was ever kept', gaps(span(10, 90), [], 'stop'), ['10+80 stop']],
    ['nothing arrived that could be kept', gaps(span(10, 90), []), ['10+80 loss']],
    [
      'a packet lost within',
      gaps(span(0, 100), [segment('end', span(0, 20), span(40, 100))]),
      ['20+20 loss'],
    ],
    [
      'a pause between',
      gaps(span(0, 100), [segment('api', span(0, 30)), segment('end', span(70, 100))]),
      ['30+40 api'],
    ],
    ['a pause to the end', gaps(span(0, 100), [segment('api', span(0, 30))]), ['30+70 api']],
    [
      'less than clocks that drift slip',
      gaps(span(0, 100), [segment('end', span(0, 50), span(51, 100))]),
      [],
    ],
    [
      'digits and silence left out, and a packet lost between them',
      gaps(span(0, 100), [
        segment('end', span(0, 20), without('dtmf', 20, 40), without('silence', 60, 80)),
        segment('end', span(80, 100)),
      ]),
      ['20+20 dtmf', '40+20 loss', '60+20 silence'],
    ],
    [
      'a hold, then a stop',
      gaps(span(0, 100), [
        segment('hold', span(0, 30)),
        segment('stop', span(40, 50)),
        segment('end', span(60, 100)),
      ]),
      ['30+10 hold', '50+10 stop'],
    ],
    [
      'a hold, within it a pause that outlives it, and a hold at its end that outlives that',
      gaps(span(0, 100), [segment('hold', span(0, 30)), segment('end', span(90, 100))], null, [
        { position: 40, reason: 'api' },
        { position: 70, reason: 'hold' },
      ]),
      ['30+10 hold', '40+30 api', '70+20 hold'],
    ],
    [
      'changes of hands where nothing is missing, or what is missing was lost',
      gaps(span(0, 100), [segment('api', span(0, 30), span(50, 70))], null, [
        { position: 10, reason: 'hold' },
        { position: 40, reason: 'hold' },
        { position: 70, reason: 'hold' },
      ]),
      ['30+20 loss', '70+30 api'],
    ],
    [
      'held from the beginning',
      gaps(span(0, 100), [segment('end', span(50, 100))], 'hold'),
      ['0+50 hold'],
    ],
    [
      'a crash: nobody closed it',
      gaps(span(0, 100), [segment(null, span(0, 30)), segment('end', span(60, 100))]),
      ['30+30 restart'],
    ],
    ['the last packets lost', gaps(span(0, 100), [segment('end', span(0, 80))]), ['80+20 loss']],
    [
      'a segment without audio',
      gaps(span(0, 100), [
        segment('api', span(0, 10)),
        segment('stop'),
        segment('end', span(60, 100)),
      ]),
      ['10+50 stop'],
    ],
    [
      'packets out of order',
      gaps(span(0, 60), [segment('end', span(40, 60), span(0, 20), span(20, 40))]),
      [],
    ],
    [
      'packets that overlap',
      gaps(span(0, 60), [segment('end', span(0, 30), span(10, 20), span(25, 60))]),
      [],
    ],
    [
      'lost within, then paused',
      gaps(span(0, 100), [segment('api', span(0, 10), span(20, 30))]),
      ['10+10 loss', '30+70 api'],
    ],
    [
      'positions below 0',
      gaps(span(-80, 100), [segment('api', span(-80, 0)), segment('end', span(20, 100))]),
      ['0+20 api'],
    ],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected);
  });

  test('gaps and spans together are the extent, without overlap', () => {
    const lengths = fc.array(fc.tuple(fc.integer({ min: 1, max: 50 }), fc.boolean()), {
      minLength: 1,
      maxLength: 40,
    });
    fc.assert(
      fc.property(lengths, (pieces) => {
        let position = 0;
        const spans: CoveredSpan[] = [];
        for (const [length, kept] of pieces) {
          if (kept) spans.push(span(position, position + length));
          position += length;
        }
        const found = gapsOf({
          ...{ callId: 'c', track: 0, extent: span(0, position), slip: 0, initialReason: null },
          reasonChanges: [],
          segments: spans.map((one) => segment('api', one)),
        });
        const all = [
          ...spans,
          ...found.map(({ start, length }) => span(start, start + length)),
        ].sort((one, other) => one.start - other.start);
        let at = 0;
        for (const { start, end } of all) {
          expect(start).toBe(at);
          at = end;
        }
        expect(at).toBe(position);
      }),
    );
  });
});
