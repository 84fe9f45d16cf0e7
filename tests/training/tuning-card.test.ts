// What a tuned model tells of its making: figures of the candidate that was chosen, and the same ones in words.
import { expect, it } from 'vitest';
import { compare, score } from '../../src/evaluation/retrieval-evaluation.js';
import { JUDGED_MODES, type NamedSet } from '../../src/training/candidates.js';
import { tuningCard, tuningRecord } from '../../src/training/tuning-card.js';
import { sampleRecord } from '../support/tuning-record.js';

const set = {
  corpus: [
    { id: 'a', title: '', text: 'secret text' },
    { id: 'b', title: '', text: 'other text' },
  ],
  questions: [{ id: 'q', text: 'secret question', judged: new Map([['a', 1]]) }],
};
const sets: NamedSet[] = [
  { name: 'held-out documents', set, general: false },
  { name: 'general questions', set, general: true },
];

it('records what was learnt from and how each set changed, without a word of a document', () => {
  const [before, after] = [[['b', 'a']], [['a', 'b']]];
  const results = sets.flatMap(({ name }) =>
    JUDGED_MODES.map((mode) => ({
      set: name,
      mode,
      inUse: { scores: score(set, before), rankings: before },
      candidate: { scores: score(set, after), rankings: after },
      difference: compare(set, after, before),
    })),
  );
  const example = (kind: 'option' | 'heading') => ({
    question: 'secret question',
    passage: { id: 'a', text: 'secret text' },
    negatives: [],
    notWrong: [],
    origin: { kind, documents: ['manual:a'] },
  });
  const record = tuningRecord(
    {
      examples: [example('option'), example('heading'), example('option')],
      training: { steps: 3, tokens: 40, seconds: 5 },
      sets,
    },
    {
      candidate: { label: 'tuned', folder: '/nowhere' },
      verdict: { publish: true, reasons: [] },
      results,
    },
    '2026-11-25T10:00:00.000Z',
  );
  expect(record).toMatchObject({
    date: '2026-11-25T10:00:00.000Z',
    candidate: 'tuned',
    pairs: 3,
    kinds: { option: 2, heading: 1 },
    steps: 3,
    seconds: 5,
    measure: 'nDCG@10',
  });
  expect(record.sets.map(({ name, general, questions }) => [name, general, questions])).toEqual([
    ['held-out documents', false, 1],
    ['general questions', true, 1],
  ]);
  // Found second before, first now: 1 / log2(3) to 1.
  const { dense, hybrid } = record.sets[0] ?? {};
  expect(dense?.before.value).toBeCloseTo(0.631, 3);
  expect(dense?.after.value).toBe(1);
  expect(hybrid?.change.value).toBeCloseTo(0.369, 3);
  expect(JSON.stringify(record)).not.toContain('secret');
});

it('says the same on the model card', () => {
  const card = tuningCard(sampleRecord('2026-11-25T10:00:00.000Z'));
  expect(card).toContain('Tuned on 2026-11-25 with 1200 question and passage pairs');
  expect(card).toContain('Published: merged, 70 %.');
  expect(card).toContain('| option | 700 |');
  expect(card).toContain('| your questions | hybrid | .700 | .687 | -.013 [-.033, +.007] |');
});
