// Examples that a model without any knowledge can learn: each topic's questions and passages have words of their own.
import type { ExampleTokenizer } from '../../src/training/batches.js';
import type { TrainingExample } from '../../src/training/training-example.js';
import { DEFAULT_SETTINGS, type TuningSettings } from '../../src/training/tuning-settings.js';

export function lessons(count = 24): TrainingExample[] {
  const passage = (topic: number) => ({ id: `p${topic}`, text: `fact ${topic} and more` });
  return Array.from({ length: count }, (_, topic) => ({
    question: `ask ${topic}`,
    passage: passage(topic),
    negatives: [1, 2, 3].map((away) => passage((topic + away) % count)),
    notWrong: [],
    origin: { kind: 'heading', documents: [`d${topic}.md`] },
  }));
}

export const quick: TuningSettings = {
  ...DEFAULT_SETTINGS,
  epochs: 3,
  batchSize: 6,
  learningRate: 0.02,
  temperature: 0.1,
  hardNegativePool: 3,
  microBatchTokens: 20,
  negligibleGradient: 0,
  checkpointEvery: 3,
};

/** Ids below 60: words of questions from 5 on, words of passages from 30 on. */
export const wordTokens: ExampleTokenizer = {
  question: (text) => [2, ...text.split(' ').map((word) => 5 + (Number(word) || 24)), 3],
  passage: (text) => [2, ...text.split(' ').map((word) => 30 + (Number(word) || 24 + (word.length % 3))), 3],
};
