import { expect } from 'vitest';
import { churnStore } from '../support/hush/store-churn.ts';
import { longTest, sized } from '../support/length.ts';

longTest(
  'a Hush survives restarts of its PostgreSQL server, and its rows match its answers',
  async () => {
    const report = await churnStore({
      rounds: sized(
        ['loseAnswer', 'freeze'],
        ['terminate', 'restart', 'loseAnswer', 'freezeOne', 'loseAnswerAndCut', 'freeze'],
      ),
      calls: 3,
    });
    expect(report).toMatchObject({ deaths: 0, lost: [], unsaid: [], untrue: [], leaked: 0 });
    expect(report.acknowledged).toBeGreaterThan(sized(4, 20));
    expect(report.failed).toBeGreaterThan(0);
  },
  180_000,
);
