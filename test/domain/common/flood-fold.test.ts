import { expect, test } from 'vitest';
import { FloodFold } from '../../../src/domain/common/flood-fold.ts';

function fold() {
  const told: [string, number][][] = [];
  const flood = new FloodFold({
    ...{ listedPerSource: 2, listedInAll: 3, windowMs: 60_000 },
    onFolded: (counts) => told.push([...counts]),
  });
  return { flood, told };
}

test('lists so many of a source and kind, and so many in all; the others are counted', () => {
  const { flood, told } = fold();
  const listed = ['a', 'a', 'a', 'b', 'c'].map((source) => flood.lists(source, 'noCodec'));
  expect(listed).toEqual([true, true, false, true, false]);
  expect(flood.lists('d', 'merged')).toBe(false);
  flood.endWindow();
  expect(told).toEqual([
    [
      ['noCodec', 2],
      ['merged', 1],
    ],
  ]);
});

test('begins anew with each window, and tells of nothing where nothing was counted', () => {
  const { flood, told } = fold();
  expect(flood.lists('a', 'noCodec')).toBe(true);
  flood.endWindow();
  flood.endWindow();
  expect(told).toEqual([]);
  expect([flood.lists('a', 'x'), flood.lists('a', 'x'), flood.lists('a', 'x')]).toEqual([
    ...[true, true, false],
  ]);
});
