import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';
import { SuiteReport } from './scripts/suite-report.js';

// Programs that tests start, some a hundred times, compile the same sources each time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('node_modules/.cache/compile', import.meta.url),
);

/** Media threads and what is sent to them on time: few heaps are swept beside them. */
const ALONE = [
  'test/recorder/*.test.ts',
  'test/recorder/fence/*.test.ts',
  'test/torture/*.long.test.ts',
];
const LONG = 'test/**/*.long.test.ts';
const HUSH_TEST_LENGTH = 'long';
const globalSetup = ['test/store/shared-postgres.ts'];
const report = process.env.HUSH_TEST_REPORT;

export default defineConfig({
  test: {
    reporters: ['default', ...(report ? [new SuiteReport(report)] : [])],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is awaited comes when it comes: a shared machine may be slow.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // Most tests wait for clocks and sockets: on two cores two more workers have what others leave.
    maxWorkers: 4,
    // Node strips the types itself and keeps what it compiled, which is a third of Vite's time.
    experimental: { viteModuleRunner: false },
    projects: [
      // What they measure is late where threads of others wait for the same cores.
      { extends: true, test: { name: 'alone', include: ALONE, maxWorkers: 2, isolate: false } },
      {
        extends: true,
        test: {
          name: 'together',
          include: ['test/**/*.test.ts'],
          exclude: ALONE,
          globalSetup,
          sequence: { groupOrder: 1 },
          // Reading Hush takes a second: once for each worker, not once for each file.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: 'long alone',
          include: ALONE.map((files) => files.replace(/\*(\.long)?\.test/, '*.long.test')),
          env: { HUSH_TEST_LENGTH },
          // Fifty calls at once are sent by the test's own process: it wants a core.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        extends: true,
        test: {
          // The recorder, the fence and the torture once more, with the other receiver.
          name: 'long alone, dgram',
          include: ALONE,
          env: { HUSH_TEST_LENGTH, HUSH_RTP_RECEIVER: 'dgram' },
          // Datagrams read late look like those of a slower path, which may be kept out.
          maxWorkers: 1,
          sequence: { groupOrder: 3 },
        },
      },
      {
        extends: true,
        test: {
          name: 'long together',
          include: [LONG],
          exclude: ALONE,
          env: { HUSH_TEST_LENGTH },
          globalSetup,
          isolate: false,
          maxWorkers: 3,
          sequence: { groupOrder: 4 },
        },
      },
    ],
  },
});
