import { describe, expect, it } from 'vitest';
import { codeOf, Gate, GateTable, reasonOf } from '../../../src/recorder/fence/gate-table.ts';

describe('GateTable', () => {
  it('gives every slot once, shut', () => {
    const table = new GateTable(3);
    const slots = [table.allocate(), table.allocate(), table.allocate()];
    expect(slots).toEqual([0, 1, 2]);
    expect(slots.map((slot) => table.get(slot ?? -1))).toEqual([Gate.Shut, Gate.Shut, Gate.Shut]);
    expect(table.allocate()).toBeUndefined();
  });

  it('shows another thread what is set here', () => {
    const table = new GateTable(2);
    const there = new GateTable(0, table.memory);
    table.set(1, Gate.Open, 'api');
    expect([there.get(1), there.reason(1)]).toEqual([Gate.Open, 'api']);
    table.set(1, Gate.Closing);
    expect([there.get(1), there.reason(1)]).toEqual([Gate.Closing, 'api']);
    expect(there.get(0)).toBe(Gate.Open);
  });

  it('shuts a slot that is given back, and one that is given again', () => {
    const table = new GateTable(1);
    const slot = table.allocate() ?? -1;
    table.set(slot, Gate.Open, 'api');
    table.release(slot);
    expect(table.get(slot)).toBe(Gate.Shut);
    table.set(slot, Gate.Open);
    expect(table.allocate()).toBe(slot);
    expect([table.get(slot), table.reason(slot)]).toEqual([Gate.Shut, 'stop']);
  });

  it('carries every reason', () => {
    for (const reason of ['api', 'hold', 'stop', 'loss', 'restart', 'end'] as const) {
      expect(reasonOf(codeOf(reason))).toBe(reason);
    }
    expect(reasonOf(99)).toBe('stop');
  });
});
