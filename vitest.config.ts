import { defineConfig } from 'vitest/config';
import { ClosingLine } from './tests/support/closing-line.js';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    globalSetup: ['tests/support/fetch-test-models.ts'],
    reporters: ['default', new ClosingLine()],
    testTimeout: 30_000,
    hookTimeout: 120_000,
  },
});
