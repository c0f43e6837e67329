import { defineConfig } from 'vitest/config';
import { reporting } from './test/support/reporting.ts';
import { ProgramsFirst } from './test/support/sequence.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/full/**'],
    globalSetup: ['test/support/global-setup.ts'],
    setupFiles: ['test/support/property-seed.ts'],
    // Against hanging only: each wait in a test has its own limit, and a busy machine may be ten times slower.
    testTimeout: 60_000,
    hookTimeout: 120_000,
    maxWorkers: 2,
    sequence: { sequencer: ProgramsFirst },
    // A file all of whose tests need root has none for anybody else; the start says so (test/support/machine.ts).
    passWithNoTests: process.getuid?.() !== 0,
    ...reporting(),
  },
});
