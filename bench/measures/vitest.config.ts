import { defineConfig } from 'vitest/config';

/** `npm run bench:fleet`: measurements that need real Netdatas, which the tests' support can start and end. */
export default defineConfig({
  test: {
    include: ['bench/**/*.measure.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    testTimeout: 1_200_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    reporters: ['default'],
  },
});
