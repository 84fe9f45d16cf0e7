// Before the tests: fetches the base models into the folder CHIPWRIGHT_TEST_MODELS names, where it lacks one.
import { pino } from 'pino';
import { toChipwrightError } from '../../src/errors.js';
import { KNOWN_MODELS } from '../../src/retrieval/encoder/model-catalogue.js';
import { ModelStore } from '../../src/retrieval/encoder/model-store.js';

/** Without the variable nothing is fetched; the tests of a model that cannot be had are skipped by name. */
export async function setup(): Promise<void> {
  const dir = process.env.CHIPWRIGHT_TEST_MODELS ?? '';
  if (dir === '') return;
  const store = new ModelStore({ dir, fetch, env: process.env, log: pino({ level: 'silent' }) });
  for (const { name } of KNOWN_MODELS) {
    try {
      await store.pull(name);
    } catch (thrown) {
      process.stderr.write(`${toChipwrightError(thrown).message} Its tests are skipped.\n`);
    }
  }
}
