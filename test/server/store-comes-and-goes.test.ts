import { expect, it } from 'vitest';
import { churnStore } from '../support/hush/store-churn.ts';

it('a Hush survives restarts of its PostgreSQL server, and its rows match its answers', async () => {
  const report = await churnStore({
    rounds: ['terminate', 'restart', 'loseAnswer', 'freezeOne', 'loseAnswerAndCut', 'freeze'],
    calls: 3,
  });
  expect(report).toMatchObject({ deaths: 0, lost: [], unsaid: [], untrue: [], leaked: 0 });
  expect(report.acknowledged).toBeGreaterThan(20);
  expect(report.failed).toBeGreaterThan(0);
}, 180_000);
