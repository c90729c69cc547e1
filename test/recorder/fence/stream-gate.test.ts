import { describe, expect, test } from 'vitest';
import { Gate, GateTable } from '../../../src/recorder/fence/gate-table.ts';
import { type Marker, MarkerAction } from '../../../src/recorder/fence/marker.ts';
import { StreamGate } from '../../../src/recorder/fence/stream-gate.ts';

const SLOT = 0;
const actions = { Shut: MarkerAction.Shut, Open: MarkerAction.Open } as const;

/** A stream that has followed order 1, and its call's gate. */
function following(gate: 'open' | 'shut', held = false) {
  const gates = new GateTable(1);
  gates.set(SLOT, gate === 'open' ? Gate.Open : Gate.Shut, 'api', 1);
  return { gates, stream: new StreamGate(gates, SLOT, held) };
}

function marker(action: Marker['action'], order: number): Marker {
  return { action, order, reason: 'api', atMs: 0 };
}

describe('the fate of a frame', () => {
  test.each([
    ['open', Gate.Open, 1, 'keep'],
    ['open', Gate.Closing, 2, 'aside'],
    ['open', Gate.Open, 2, 'doubt'],
    ['open', Gate.Shut, 2, 'doubt'],
    // A gate that was shut without an order: its call has ended.
    ['open', Gate.Shut, 1, 'drop'],
    ['shut', Gate.Shut, 1, 'drop'],
    ['shut', Gate.Closing, 2, 'drop'],
    ['shut', Gate.Open, 2, 'drop'],
    ['shut', Gate.Shut, 2, 'drop'],
  ] as const)(
    'that a stream which is %s reads at gate %i of order %i',
    (was, gate, order, fate) => {
      const { gates, stream } = following(was);
      gates.set(SLOT, gate, 'api', order);
      expect(stream.verdict()).toBe(fate);
    },
  );

  test('is to be dropped while the client holds or no command could be heard', () => {
    const { stream } = following('open', true);
    expect([stream.verdict(), stream.reason]).toEqual(['drop', 'hold']);
    stream.followed('release', marker(MarkerAction.Release, 0));
    expect([stream.verdict(), stream.reason]).toEqual(['keep', null]);
    stream.attend(false);
    expect([stream.verdict(), stream.reason]).toEqual(['drop', 'unattended']);
  });
});

describe('the transition of a marker', () => {
  const gates = { Open: Gate.Open, Closing: Gate.Closing, Shut: Gate.Shut } as const;
  /** By state, gate, action and whether the order is older, the one followed, or the newest. */
  function expected(was: string, gate: string, action: string, order: number): string {
    if (order !== 2 || (action === 'Open') !== (gate === 'Open')) return 'none';
    if (action === 'Shut') return 'shut';
    return was === 'open' ? 'reopenFromDoubt' : 'reopen';
  }
  const cases = (['open', 'shut'] as const).flatMap((was) =>
    (['Open', 'Closing', 'Shut'] as const).flatMap((gate) =>
      (['Shut', 'Open'] as const).flatMap((action) =>
        [1, 2, 3].map((order) => ({ was, gate, action, order })),
      ),
    ),
  );

  test.each(cases)('$action of order $order, read $was at gate $gate of order 2', (asked) => {
    const { gates: table, stream } = following(asked.was);
    table.set(SLOT, gates[asked.gate], 'api', 2);
    const read = marker(actions[asked.action], asked.order);
    const transition = stream.transitionOf(read);
    expect(transition).toBe(expected(asked.was, asked.gate, asked.action, asked.order));
    stream.followed(transition, read);
    const isOpen = transition === 'none' ? asked.was === 'open' : asked.action === 'Open';
    expect(stream.isShut).toBe(!isOpen);
    // Read again, it does nothing.
    if (transition !== 'none') expect(stream.transitionOf(read)).toBe('none');
  });

  test('of the stream itself leaves the gate as it is', () => {
    const { stream } = following('shut');
    expect(stream.transitionOf(marker(MarkerAction.Release, 0))).toBe('none');
    const hold = marker(MarkerAction.Hold, 0);
    expect(stream.transitionOf(hold)).toBe('hold');
    stream.followed('hold', hold);
    expect(stream.transitionOf(marker(MarkerAction.Release, 0))).toBe('release');
    expect([stream.isShut, stream.reason]).toEqual([true, 'api']);
  });
});

test('a stream in doubt is shut until it reads the marker of the newest order', () => {
  const { gates, stream } = following('open');
  gates.set(SLOT, Gate.Shut, 'api', 2);
  expect([stream.isBehind, stream.isSettled]).toEqual([true, false]);
  stream.shutInDoubt();
  expect([stream.verdict(), stream.isSettled]).toEqual(['drop', true]);
  gates.set(SLOT, Gate.Open, undefined, 3);
  expect(stream.verdict()).toBe('drop');
  const open = marker(MarkerAction.Open, 3);
  expect(stream.transitionOf(open)).toBe('reopen');
  stream.followed('reopen', open);
  expect(stream.verdict()).toBe('keep');
});
