/** @module Test projects: `unit` beside the source, `nats` against a real nats-server, `e2e` against real clusters. */
import { defineConfig } from 'vitest/config';

// Properties run for seconds on a machine that has nothing else to do; CI machines have.
const shared = { globals: false, testTimeout: 60_000, hookTimeout: 60_000, setupFiles: ['test/property-seed.ts'] };
// Real processes on a machine that is busy with something else may miss a deadline once; a test that needed its second turn is marked.
const secondTurn = { retry: 1 };

export default defineConfig({
  root: new URL('..', import.meta.url).pathname,
  test: {
    projects: [
      {
        test: {
          ...shared,
          name: 'unit',
          include: ['{hub,agent,shared,deploy,test}/**/*.test.ts'],
          exclude: ['**/*.nats.test.ts', '**/*.e2e.test.ts', 'node_modules/**'],
        },
      },
      {
        test: {
          ...shared,
          ...secondTurn,
          name: 'nats',
          include: ['{hub,agent,shared,deploy,test}/**/*.nats.test.ts'],
          testTimeout: 60_000,
          fileParallelism: false,
        },
      },
      {
        test: {
          ...shared,
          ...secondTurn,
          name: 'e2e',
          include: ['{hub,agent,deploy,test}/**/*.e2e.test.ts'],
          testTimeout: 300_000,
          hookTimeout: 1_200_000,
          fileParallelism: false,
        },
      },
    ],
  },
});
