import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { few, sized } from '../../support/length.ts';
import { breakages } from './breakages.ts';
import { explore } from './explore.ts';
import { dialogueSteps, gateSteps, type Step, stepsOfEveryKind } from './steps.ts';

const RUNS = sized(500, 4_000);
/** What is planted is found in both, or the test is none. */
/** What only a few histories in ten thousand show is to be found all the same. */
const RUNS_TO_FIND = 16_000;
const MAX_STEPS = 25;
const EXHAUSTIVE_DEPTH = sized(2, 3);

const plain = stepsOfEveryKind.filter(({ fault }) => fault === undefined);
const faulty = stepsOfEveryKind.filter(({ fault }) => fault !== undefined);
/** Most things that happen go well. */
const anyStep: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...plain) },
  { weight: 1, arbitrary: fc.constantFrom(...faulty) },
);
const anyHistory = fc.array(anyStep, { minLength: 1, maxLength: MAX_STEPS });

describe('no frame while any owner holds; acknowledged means durable, in effect and carried out', () => {
  test(`in ${RUNS} histories of commands, parts, transfers, faults, stalls and crashes`, async () => {
    await fc.assert(
      fc.asyncProperty(anyHistory, async (steps) => {
        expect(await explore(steps)).toBeUndefined();
      }),
      { numRuns: RUNS, seed: 7 },
    );
  }, 240_000);

  test.each([
    ['the gate', gateSteps, EXHAUSTIVE_DEPTH],
    ['dialogues', stepsOfEveryKind, 2],
    ['settlement', dialogueSteps, EXHAUSTIVE_DEPTH],
  ] as const)(
    'in every short history of %s',
    async (_, steps, depth) => {
      let count = 0;
      for (const history of historiesOf(steps, depth)) {
        const broken = await explore(history);
        if (broken !== undefined) expect.fail(`${JSON.stringify(history)}: ${broken}`);
        count += 1;
      }
      expect(count).toBe(steps.length ** depth);
    },
    240_000,
  );
});

describe('the model notices deliberate faults', () => {
  const found: string[] = [];
  afterAll(() => {
    process.stdout.write(`planted and found:\n${found.join('\n')}\n`);
  });

  test.each(few(breakages, 3))(
    '%s',
    async (breakage) => {
      const property = fc.asyncProperty(anyHistory, async (steps) => {
        const broken = await explore(steps, breakage);
        if (broken !== undefined) throw new Error(broken);
      });
      const { failed, counterexample, errorInstance } = await fc.check(property, {
        numRuns: RUNS_TO_FIND,
        seed: 7,
      });
      expect(failed).toBe(true);
      const history = counterexample?.[0].map(({ kind, fault }) =>
        fault ? `${kind}!${fault}` : kind,
      );
      const why = errorInstance instanceof Error ? errorInstance.message : '';
      found.push(`  ${breakage}: ${why}, by ${history?.join(', ')}`);
    },
    240_000,
  );
});

function* historiesOf(steps: readonly Step[], depth: number): Generator<Step[]> {
  if (depth === 0) {
    yield [];
    return;
  }
  for (const step of steps) {
    for (const rest of historiesOf(steps, depth - 1)) yield [step, ...rest];
  }
}
