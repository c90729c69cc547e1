import { describe, expect, it } from 'vitest';
import { GapHolders } from '../../../src/recorder/fence/gap-holders.ts';

describe('the holders of a gap', () => {
  it('are followed by the guard, and by nothing sent where it has ended', () => {
    const holders = new GapHolders(null);
    holders.note('api', { position: 100, guardEnd: 400, lost: 0 });
    holders.note(null, { position: 800, guardEnd: 1_100, lost: 0 });
    expect(holders.changes).toEqual([
      { position: 800, reason: 'guard' },
      { position: 1_100, reason: 'silence' },
    ]);
  });

  it('are followed by the guard for as long as it leaves out what comes', () => {
    const holders = new GapHolders(null);
    holders.note('api', { position: 100, guardEnd: 400, lost: 0 });
    holders.note(null, { position: 800, guardEnd: 1_100, lost: 0 });
    for (const came of [900, 1_400, 1_300]) holders.guarded(came);
    expect(holders.changes.at(-1)).toEqual({ position: 1_400, reason: 'silence' });
  });

  it('know no guard while somebody holds, or where nobody has', () => {
    const holders = new GapHolders(null);
    holders.guarded(50);
    holders.note('api', { position: 100, guardEnd: 400, lost: 0 });
    holders.guarded(200);
    expect(holders.changes).toEqual([]);
    holders.note(null, { position: 800, guardEnd: 1_100, lost: 0 });
    holders.note('hold', { position: 1_500, guardEnd: 1_800, lost: 0 });
    holders.guarded(2_000);
    expect(holders.changes.map(({ position }) => position)).toEqual([800, 1_100]);
  });

  it('are followed by a loss if packets were lost before the stream kept again', () => {
    const behindTheGuard = (lostBefore: number, lost: number) => {
      const holders = new GapHolders('api');
      holders.note(null, { position: 800, guardEnd: 1_100, lost: lostBefore });
      holders.cameBack(lost);
      holders.cameBack(lost + 1);
      return holders.changes.at(-1);
    };
    expect(behindTheGuard(3, 4)).toEqual({ position: 1_100, reason: 'loss' });
    expect(behindTheGuard(3, 3)).toEqual({ position: 1_100, reason: 'silence' });
  });
});
