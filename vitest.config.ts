import { defineConfig } from 'vitest/config'

const report = process.env.LEDGERLINE_TEST_REPORT

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 120_000,
    hookTimeout: 60_000,
    // Many suites start servers of their own; more of them at a time than cores would only wait for each other.
    maxWorkers: 2,
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
  },
})
