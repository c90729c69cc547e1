import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

// Programs that tests start, some a hundred times, compile the same sources each time.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(
  new URL('node_modules/.cache/compile', import.meta.url),
);

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    // What is awaited comes when it comes: a shared machine may be slow.
    expect: { poll: { timeout: 10_000 } },
    pool: 'forks',
    // Most tests wait for clocks and sockets: one worker less than cores, the default, is one on two.
    maxWorkers: 2,
  },
});
