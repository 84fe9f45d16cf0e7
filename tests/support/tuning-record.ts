// A record of how a model was tuned, as its folder keeps it.
import type { TuningRecord } from '../../src/retrieval/encoder/tuning-record.js';

const figures = (value: number, change: number) => ({
  before: { value, low: value - 0.05, high: value + 0.05 },
  after: { value: value + change, low: value + change - 0.05, high: value + change + 0.05 },
  change: { value: change, low: change - 0.02, high: change + 0.02 },
});

/** `questions`: whether the team's own ones judged too. */
export function sampleRecord(date: string, { questions = true } = {}): TuningRecord {
  const set = (name: string, general: boolean, dense: number, hybrid: number) => ({
    name,
    general,
    questions: 90,
    dense: figures(0.6, dense),
    hybrid: figures(0.7, hybrid),
  });
  return {
    format: 1,
    date,
    candidate: 'merged, 70 %',
    pairs: 1200,
    kinds: { option: 700, heading: 500 },
    steps: 25,
    seconds: 720,
    measure: 'nDCG@10',
    sets: [
      set('held-out documents', false, 0.061, 0.031),
      ...(questions ? [set('your questions', false, 0.047, -0.013)] : []),
      set('general questions', true, 0.005, 0.001),
    ],
  };
}
