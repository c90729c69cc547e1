import { describe, expect, it } from 'vitest';
import { Reception } from '../../../src/recorder/intake/reception.ts';

const ssrc = 5;

function heard(sequences: readonly number[]): Reception {
  const reception = new Reception();
  for (const sequence of sequences) reception.heard(ssrc, sequence & 0xffff);
  return reception;
}

describe('reports to a sender on its packets', () => {
  it('count on where sequence numbers wrap', () => {
    const reception = heard(Array.from({ length: 100 }, (_, at) => 65_500 + at));
    expect(reception.block(0, 0)).toMatchObject({ highestSequence: 65_599, lost: 0 });
  });

  it('tell the loss since the last report and in all', () => {
    const reception = heard([0, 1, 3, 4, 5, 7]);
    expect(reception.block(0, 0)).toMatchObject({ fractionLost: 64, lost: 2, highestSequence: 7 });
    reception.heard(ssrc, 8);
    reception.heard(ssrc, 6);
    expect(reception.block(0, 0)).toMatchObject({ fractionLost: 0, lost: 1, highestSequence: 8 });
    expect(reception.block(0, 0)).toBeUndefined();
  });

  it('count no loss for a source that restarted', () => {
    const reception = heard([10, 11, 40_000, 40_001]);
    expect(reception.block(0, 0)).toMatchObject({ lost: 0, highestSequence: 40_001 });
    reception.heard(ssrc + 1, 3);
    expect(reception.block(0, 0)).toMatchObject({ ssrc: 6, lost: 0, highestSequence: 3 });
  });

  it('tell how long ago the sender’s own report came', () => {
    const reception = heard([1]);
    const report = { ssrc, ntpMs: 0, ntpMiddle: 77, timestamp: 0 };
    reception.reported(report, 1000);
    expect(reception.block(0, 1500)).toMatchObject({ lastReport: 77, sinceLastReport: 32_768 });
  });
});
