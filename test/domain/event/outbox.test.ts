import fc from 'fast-check';
import { expect, it } from 'vitest';
import { Outbox } from '../../../src/domain/event/outbox.ts';
import type { RecordingEvent } from '../../../src/domain/model/recording-event.ts';
import { eventOf } from '../support.ts';

function outboxFrom(next: number): { outbox: Outbox; delivered: number[] } {
  const delivered: number[] = [];
  return { outbox: new Outbox(next, ({ sequence }) => delivered.push(sequence)), delivered };
}

it('an outbox delivers the next event at once', () => {
  const { outbox, delivered } = outboxFrom(1);
  outbox.settle(1, eventOf(1));
  expect(delivered).toEqual([1]);
});

it('an outbox keeps events committed behind one that is not in effect yet', () => {
  const { outbox, delivered } = outboxFrom(5);
  outbox.settle(6, eventOf(6));
  outbox.settle(7, eventOf(7));
  expect(delivered).toEqual([]);
  outbox.settle(5, eventOf(5));
  expect(delivered).toEqual([5, 6, 7]);
});

it('an outbox skips a number whose commit failed', () => {
  const { outbox, delivered } = outboxFrom(1);
  outbox.settle(2, eventOf(2));
  outbox.settle(1, undefined);
  outbox.settle(3, eventOf(3));
  expect(delivered).toEqual([2, 3]);
});

it('an outbox delivers every event once and in order, in whatever order they settle', () => {
  const settlements = fc.array(fc.boolean(), { minLength: 1, maxLength: 50 }).chain((good) =>
    fc.shuffledSubarray(
      good.map((isGood, index): [number, RecordingEvent | undefined] => [
        ...([index + 1, isGood ? eventOf(index + 1) : undefined] as const),
      ]),
      { minLength: good.length },
    ),
  );
  fc.assert(
    fc.property(settlements, (settled) => {
      const { outbox, delivered } = outboxFrom(1);
      for (const [sequence, event] of settled) outbox.settle(sequence, event);
      const good = settled.filter(([, event]) => event).map(([sequence]) => sequence);
      expect(delivered).toEqual(good.sort((a, b) => a - b));
    }),
  );
});
