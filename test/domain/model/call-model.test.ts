import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { explore, type Step, stepsOfEveryKind } from './explore.ts';

const RUNS = 5_000;
const MAX_STEPS = 25;
const EXHAUSTIVE_DEPTH = 3;

const anyStep: fc.Arbitrary<Step> = fc.constantFrom(...stepsOfEveryKind);
const anyHistory = fc.array(anyStep, { minLength: 1, maxLength: MAX_STEPS });

describe('no frame while any owner holds; acknowledged means durable and in effect', () => {
  test(`in ${RUNS} histories of commands, leases, holds, transfers, faults and crashes`, async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, async (steps) => {
        expect(await explore(steps)).toBeUndefined();
      }),
      { numRuns: RUNS, seed: 7 },
    );
  }, 120_000);

  test(`in every history of ${EXHAUSTIVE_DEPTH} steps`, async () => {
    let count = 0;
    for (const history of historiesOf(EXHAUSTIVE_DEPTH)) {
      const broken = await explore(history);
      if (broken !== undefined) expect.fail(`${JSON.stringify(history)}: ${broken}`);
      count += 1;
    }
    expect(count).toBe(stepsOfEveryKind.length ** EXHAUSTIVE_DEPTH);
  }, 120_000);

  test.each(['newStreamsOpen', 'resumedStreamsOpen', 'shutDoesNothing', 'holdLiftsAll'] as const)(
    'and is noticed not to hold in a recorder that is broken: %s',
    async (breakage) => {
      const property = fc.asyncProperty(anyHistory, async (steps) => {
        return (await explore(steps, breakage)) === undefined;
      });
      const { failed } = await fc.check(property, { numRuns: RUNS, seed: 7 });
      expect(failed).toBe(true);
    },
    120_000,
  );
});

function* historiesOf(depth: number): Generator<Step[]> {
  if (depth === 0) {
    yield [];
    return;
  }
  for (const step of stepsOfEveryKind) {
    for (const rest of historiesOf(depth - 1)) yield [step, ...rest];
  }
}
