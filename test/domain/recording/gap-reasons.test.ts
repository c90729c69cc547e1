import { describe, expect, test } from 'vitest';
import type { Span } from '../../../src/domain/common/span.ts';
import type { ReasonChange } from '../../../src/domain/model/gap.ts';
import {
  type CoveredSpan,
  gapsOf,
  type SegmentCoverage,
} from '../../../src/domain/recording/gap-map.ts';

const span = (start: number, end: number): CoveredSpan => ({ start, end, leftOut: null });

function segment(closedBy: SegmentCoverage['closedBy'], ...spans: CoveredSpan[]): SegmentCoverage {
  return { closedBy, spans };
}

/** A segment whose first frame and whose losses are known. */
function begun(
  start: number,
  closedBy: SegmentCoverage['closedBy'],
  lost: readonly Span[],
  ...spans: CoveredSpan[]
): SegmentCoverage {
  return { closedBy, start, lost, spans };
}

function afterCrash(segments: readonly SegmentCoverage[], ...commands: ReasonChange[]): string[] {
  const extent = span(0, 1000);
  return gapsOf({
    ...{ callId: 'c', track: 1, extent, slip: 2, initialReason: null, reasonChanges: [] },
    ...{ segments, commands },
  }).map(({ start, length, reason }) => `${start}+${length} ${reason}`);
}

describe('gaps where a pause, a crash and damage meet', () => {
  test.each<[string, string[], string[]]>([
    [
      'a pause, then a crash before the first frame behind it was sealed',
      afterCrash([
        segment('api', span(0, 300)),
        begun(600, null, []),
        segment('end', span(800, 1000)),
      ]),
      ['300+300 api', '600+200 restart'],
    ],
    [
      'a pause, and all of what follows it lost',
      afterCrash([
        segment('api', span(0, 300)),
        begun(600, 'hold', [span(600, 700)]),
        segment('end', span(800, 1000)),
      ]),
      ['300+300 api', '600+100 lost', '700+100 hold'],
    ],
    [
      'the end of a pause lost, and packets on their way beside it',
      afterCrash([
        begun(0, 'api', [span(200, 300)], span(0, 100), span(150, 200)),
        begun(600, 'end', [span(600, 700)], span(700, 800), span(900, 1000)),
      ]),
      ['100+50 loss', '200+100 lost', '300+300 api', '600+100 lost', '800+100 loss'],
    ],
    [
      'nothing is lost where another chunk holds it',
      afterCrash([begun(0, 'end', [span(20, 80)], span(0, 30), span(40, 50), span(70, 1000))]),
      ['30+10 lost', '50+20 lost'],
    ],
    [
      'a Start, behind whose guard nothing came for long',
      gapsOf({
        ...{ callId: 'c', track: 1, extent: span(0, 1000), slip: 2, initialReason: null },
        reasonChanges: [
          { position: 300, reason: 'guard' },
          { position: 500, reason: 'hold' },
          { position: 600, reason: 'guard' },
        ],
        guard: { limit: 250, behind: 'loss' },
        segments: [segment('api', span(0, 200)), segment('end', span(900, 1000))],
      }).map(({ start, length, reason }) => `${start}+${length} ${reason}`),
      ['200+100 api', '300+200 guard', '500+100 hold', '600+250 guard', '850+50 loss'],
    ],
    [
      'a Start, behind which the recorder says for how long its guard left audio out',
      gapsOf({
        ...{ callId: 'c', track: 1, extent: span(0, 1000), slip: 2, initialReason: null },
        reasonChanges: [
          { position: 300, reason: 'guard' },
          { position: 700, reason: 'silence' },
        ],
        guard: { limit: 250, behind: 'loss' },
        segments: [segment('api', span(0, 200)), segment('end', span(900, 1000))],
      }).map(({ start, length, reason }) => `${start}+${length} ${reason}`),
      ['200+100 api', '300+400 guard', '700+200 silence'],
    ],
    [
      'a look-back erased all of a segment',
      afterCrash([
        segment('hold', span(0, 300)),
        begun(600, 'api', []),
        segment('end', span(800, 1000)),
      ]),
      ['300+300 hold', '600+200 api'],
    ],
    [
      'a crash, and behind it a Pause and a Start before anything was sealed',
      afterCrash(
        [segment(null, span(0, 300)), segment('end', span(900, 1000))],
        { position: 500, reason: 'api' },
        { position: 850, reason: 'loss' },
      ),
      ['300+200 restart', '500+350 api', '850+50 loss'],
    ],
    [
      'a Pause that was answered, and a crash before it was written down who ended the segment',
      afterCrash([segment(null, span(0, 300)), segment('end', span(900, 1000))], {
        position: 301,
        reason: 'lease',
      }),
      ['300+600 lease'],
    ],
    [
      'a Start, and a crash some time behind it',
      afterCrash(
        [
          segment('api', span(0, 100)),
          segment(null, span(200, 300)),
          segment('end', span(400, 1000)),
        ],
        { position: 100, reason: 'api' },
        { position: 195, reason: 'loss' },
      ),
      ['100+100 api', '300+100 restart'],
    ],
    [
      'commands where no crash was',
      afterCrash([segment('hold', span(0, 300)), segment('end', span(500, 1000))], {
        position: 400,
        reason: 'api',
      }),
      ['300+200 hold'],
    ],
  ])('%s', (_, found, expected) => {
    expect(found).toEqual(expected);
  });
});
