import { describe, expect, it } from 'vitest';
import { SequenceWindow } from '../../src/recorder/sequence-window.ts';

describe('SequenceWindow', () => {
  it('takes every sequence number once', () => {
    const window = new SequenceWindow();
    expect([7, 8, 8, 10, 9, 9, 7].map((sequence) => window.accept(sequence))).toEqual([
      ...[true, true, false, true, true, false, false],
    ]);
  });

  it('goes round from 65,535 to 0', () => {
    const window = new SequenceWindow();
    const numbers = Array.from({ length: 200 }, (_, index) => (65_436 + index) & 0xffff);
    expect(numbers.every((sequence) => window.accept(sequence))).toBe(true);
    expect(window.accept(99)).toBe(false);
    expect(window.accept(65_500)).toBe(true);
  });

  it('takes the same numbers again one round later', () => {
    const window = new SequenceWindow();
    for (let count = 0; count < 3 * 65_536; count += 1) {
      expect(window.accept(count & 0xffff)).toBe(true);
    }
  });

  it('forgets all of it for another source', () => {
    const window = new SequenceWindow();
    window.accept(5);
    window.reset();
    expect(window.accept(5)).toBe(true);
  });
});
