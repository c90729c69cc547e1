import { describe, expect, it } from 'vitest';
import { GapHolders } from '../../../src/recorder/fence/gap-holders.ts';

describe('the holders of a gap', () => {
  it('are followed by the guard, and by nothing sent where it has ended', () => {
    const holders = new GapHolders(null);
    holders.note('api', 100, 400);
    holders.note(null, 800, 1_100);
    expect(holders.changes).toEqual([
      { position: 800, reason: 'guard' },
      { position: 1_100, reason: 'silence' },
    ]);
  });

  it('are followed by the guard for as long as it leaves out what comes', () => {
    const holders = new GapHolders(null);
    holders.note('api', 100, 400);
    holders.note(null, 800, 1_100);
    for (const came of [900, 1_400, 1_300]) holders.guarded(came);
    expect(holders.changes.at(-1)).toEqual({ position: 1_400, reason: 'silence' });
  });

  it('know no guard while somebody holds, or where nobody has', () => {
    const holders = new GapHolders(null);
    holders.guarded(50);
    holders.note('api', 100, 400);
    holders.guarded(200);
    expect(holders.changes).toEqual([]);
    holders.note(null, 800, 1_100);
    holders.note('hold', 1_500, 1_800);
    holders.guarded(2_000);
    expect(holders.changes.map(({ position }) => position)).toEqual([800, 1_100]);
  });
});
