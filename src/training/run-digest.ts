// What makes two training runs the same one: the weights they start from, the settings that shape the outcome, the examples.
import { createHash } from 'node:crypto';
import type { TrainingState } from './checkpoint.js';
import type { TrainingExample } from './training-example.js';
import type { Parameter } from './training-model.js';
import type { TuningSettings } from './tuning-settings.js';

/** Digests of all three; runs with equal ones end with equal weights. Takes the parameters before the first step. */
export function runDigest(
  parameters: ReadonlyMap<string, Parameter>,
  settings: TuningSettings,
  examples: readonly TrainingExample[],
): TrainingState['run'] {
  // How many threads, and how often the state is saved, changes nothing that is learnt.
  const { threads: _threads, checkpointEvery: _checkpointEvery, ...shaping } = settings;
  const sorted = Object.entries(shaping).sort(([a], [b]) => (a < b ? -1 : 1));
  return {
    base: digest([...parameters.values()].flatMap(({ name, values }) => [name, values])),
    settings: digest([JSON.stringify(sorted)]),
    examples: digest(examples.map((example) => `${JSON.stringify(example)}\n`)),
  };
}

function digest(parts: readonly (string | Float32Array)[]): string {
  const hash = createHash('sha256');
  for (const part of parts) hash.update(part);
  return hash.digest('hex');
}
