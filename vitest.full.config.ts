import { defineConfig } from 'vitest/config';
import { reporting } from './test/support/reporting.ts';

/** The slow scenarios: `npm run test:full`. */
export default defineConfig({
  test: {
    include: ['test/full/**/*.test.ts'],
    globalSetup: ['test/support/global-setup.ts'],
    passWithNoTests: true,
    testTimeout: 300_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    ...reporting(),
  },
});
