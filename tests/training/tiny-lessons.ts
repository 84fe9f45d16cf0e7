// Examples in the dozen words that the tiny model of the encoder's tests knows.
import type { TrainingExample } from '../../src/training/training-example.js';
import { DEFAULT_SETTINGS, type TuningSettings } from '../../src/training/tuning-settings.js';

const words = ['clock', 'tree', 'route', 'pin', 'place', 'clocks'];

/** Thirty: a question of two words, and a passage that has them both. */
export const tinyLessons: readonly TrainingExample[] = words.flatMap((first) =>
  words
    .filter((second) => second !== first)
    .map((second) => ({
      question: `${first} ${second}`,
      passage: { id: `${first}-${second}`, text: `the ${second} . a ${first} _ the ${second}` },
      negatives: words.map((third) => ({ id: `${third}-${first}`, text: `the ${third} - a ${first}` })),
      notWrong: [`${second}-${first}`],
      origin: { kind: 'heading' as const, documents: ['tiny.md'] },
    })),
);

export const tinySettings: TuningSettings = {
  ...DEFAULT_SETTINGS,
  epochs: 4,
  batchSize: 8,
  learningRate: 1e-3,
  hardNegativePool: 3,
  threads: 1,
  microBatchTokens: 60,
  negligibleGradient: 0,
  checkpointEvery: 1,
};
