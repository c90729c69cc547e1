import { expect, it } from 'vitest';
import { churnStore } from '../support/hush/store-churn.ts';

it('a Hush outlives what its PostgreSQL server does, and its rows are what it said', async () => {
  const report = await churnStore({
    rounds: ['terminate', 'restart', 'loseAnswer', 'freezeOne', 'loseAnswerAndCut', 'freeze'],
    calls: 3,
  });
  expect(report).toMatchObject({ deaths: 0, lost: [], unsaid: [], untrue: [], leaked: 0 });
  expect(report.acknowledged).toBeGreaterThan(20);
  expect(report.failed).toBeGreaterThan(0);
}, 180_000);
