import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { retryInMs } from '../../../src/domain/common/intents.ts';
import { fateOf } from '../../../src/domain/lifecycle/settlement-plan.ts';
import { MarkingState, SavingState } from '../../../src/domain/model/recording-state.ts';
import { Machine } from '../model/machine.ts';
import { DELETE_GRACE_MS, INHERIT_MS, World } from '../model/world.ts';

const hold = { reason: 'case', owner: 'zoe', placedAt: 0 };

let machine: Machine;
let world: World;

beforeEach(async () => {
  vi.useFakeTimers();
  machine = new Machine();
  world = await World.start(machine);
  await world.join('first');
});
afterEach(() => {
  world.end();
  vi.useRealTimers();
});

/** Both clocks go on together, as they do outside of tests. */
async function pass(ms: number): Promise<void> {
  machine.pass(ms);
  await vi.advanceTimersByTimeAsync(ms);
}

function status(): string | undefined {
  const [record] = [...machine.store.calls.values()];
  return record && world.shown(record).status;
}

describe('what becomes of a call', () => {
  it.each([
    [{ recorded: false, legalHold: null }, SavingState.Save, true, 'empty'],
    [{ recorded: true, legalHold: null }, SavingState.None, true, 'keep'],
    [{ recorded: true, legalHold: null }, SavingState.None, false, 'destroy'],
    [{ recorded: true, legalHold: null }, SavingState.Save, false, 'keep'],
    [{ recorded: true, legalHold: null }, SavingState.Delete, true, 'destroy'],
    [{ recorded: true, legalHold: hold }, SavingState.Delete, false, 'keep'],
  ] as const)('%j, saving flag %i, saved by default %s: %s', (record, flag, byDefault, fate) => {
    expect(fateOf(record, flag, byDefault)).toBe(fate);
  });
});

describe('a settlement that fails', () => {
  it('is retried after 1 s, 2 s, 4 s ... and at least every 30 s', () => {
    expect([1, 2, 3, 4, 5, 6, 7, 100].map(retryInMs)).toEqual(
      [1, 2, 4, 8, 16, 30, 30, 30].map((seconds) => seconds * 1_000),
    );
  });

  it.each([1, 2, 5])('%i times: an alarm is open until it is done', async (failures) => {
    machine.failures = failures;
    await world.leave('first');
    await pass(0);
    for (let failed = 1; failed <= failures; failed += 1) {
      expect([status(), world.openAlarms.size]).toEqual(['finishing', 1]);
      await pass(retryInMs(failed));
    }
    expect([status(), world.openAlarms.size]).toEqual(['kept', 0]);
  });

  it('because no verdict can be had: the recording is kept without one', async () => {
    machine.verdictFails = true;
    await world.leave('first');
    for (let failed = 1; failed <= 3; failed += 1) await pass(retryInMs(failed));
    expect(status()).toBe('kept');
    expect([...machine.store.calls.values()][0]?.health).toBeNull();
  });

  it('because its end is not durable: it is shown as ended all the same', async () => {
    machine.store.fault = 'fails';
    await world.leave('first');
    expect([status(), world.call]).toEqual(['finishing', undefined]);
    await pass(retryInMs(1));
    expect(status()).toBe('kept');
  });

  it('because the media thread died during BYE: what was written of it is kept', async () => {
    world.recorder.failNextClose = true;
    await world.leave('first');
    await pass(0);
    expect([status(), world.call]).toEqual(['kept', undefined]);
  });

  it('because the recorder could not write the end: what was written before is kept', async () => {
    world.recorder.failNextEnd = true;
    await world.leave('first');
    await pass(0);
    expect(status()).toBe('kept');
  });

  it('in destruction, after its keys went: a Save that comes then changes nothing', async () => {
    await world.command('Delete');
    await world.leave('first');
    await pass(0);
    expect(status()).toBe('deleting');
    // Keys are destroyed, and then the files cannot be removed.
    machine.destroyFailsHalfway = true;
    await pass(DELETE_GRACE_MS);
    expect(status()).toBe('deleting');
    await world.join('second');
    await world.command('Save');
    machine.destroyFailsHalfway = false;
    await world.leave('second');
    await pass(INHERIT_MS + 1);
    const statuses = [...machine.store.calls.values()].map((record) => record.status);
    expect(statuses).toEqual(['destroyed', 'kept']);
  });

  it('is continued by the next process', async () => {
    machine.failures = 1_000;
    await world.leave('first');
    await pass(10_000);
    world.end();
    machine.failures = 0;
    world = await World.start(machine);
    await pass(0);
    expect(status()).toBe('kept');
  });
});

describe('the time that a Delete leaves for a Save', () => {
  it.each(['leave', 'reboot'])('counts on the monotonic clock (%s)', async (what) => {
    await world.command('Delete');
    await world.leave('first');
    machine.stepWallClock(2 * INHERIT_MS);
    if (what === 'reboot') {
      world.end();
      machine.reboot();
      world = await World.start(machine);
    }
    await pass(DELETE_GRACE_MS - 1_500);
    expect(status()).toBe('deleting');
    await pass(1_501);
    expect(status()).toBe('destroyed');
  });

  it('does not run while a part of the dialogue is in progress', async () => {
    await world.command('Delete');
    await world.leave('first');
    await world.join('second');
    await pass(INHERIT_MS * 2);
    expect(status()).toBe('deleting');
    await world.command('Mark');
    expect(world.call?.record).toMatchObject({ markingState: MarkingState.Mark });
    await world.leave('second');
    await pass(DELETE_GRACE_MS + 1);
    expect(status()).toBe('destroyed');
  });
});
