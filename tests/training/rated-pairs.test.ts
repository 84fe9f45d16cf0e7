// What thumbs teach: right passages, wrong ones, questions that judge, and nothing where people disagree.
import { describe, expect, it } from 'vitest';
import { mineHardNegatives } from '../../src/training/hard-negatives.js';
import { type RatedAnswer, ratedPairs } from '../../src/training/rated-pairs.js';
import { corpusOf, MANUAL, wordEncoder } from '../support/manual-corpus.js';

const corpus = corpusOf(MANUAL);
const idsOf = (document: string) =>
  corpus.chunks.filter((chunk) => chunk.document.id === document).map(({ id }) => id);
const [first, second] = [...new Set(corpus.chunks.map(({ document }) => document.id))] as [string, string];
const [a, b] = idsOf(first) as [string, string];
const [other] = idsOf(second) as [string];

const rated = (
  passages: readonly string[],
  helpful: number,
  unhelpful: number,
  question = 'How dense?',
): RatedAnswer => ({ question, passages, helpful, unhelpful });
const learn = (...answers: RatedAnswer[]) => ratedPairs(answers, corpus, new Set());

describe('a rated answer', () => {
  it('teaches each of its passages, none of them as wrong for the others', () => {
    expect(learn(rated([a, b], 2, 1)).training).toMatchObject([
      { question: 'How dense?', passage: { id: a }, notWrong: [b], negatives: [], origin: { kind: 'thumb' } },
      { question: 'How dense?', passage: { id: b }, notWrong: [a], negatives: [] },
    ]);
  });

  it('that did not help says what is wrong, once the same question has been answered well', () => {
    expect(learn(rated([other], 0, 1)).training).toEqual([]);
    const { training } = learn(rated([a, other], 0, 1), rated([a], 1, 0, '  how   DENSE? '));
    expect(training).toHaveLength(1);
    expect(training[0]).toMatchObject({ passage: { id: a }, negatives: [{ id: other }] });
  });

  it.each([
    ['people disagree about', rated([a], 1, 1)],
    ['rests on nothing', rated([], 3, 0)],
    ['rests on passages that are gone', rated(['gone'], 3, 0)],
  ])('that %s teaches nothing', (_, answer) => {
    expect(learn(answer)).toEqual({ training: [], development: [] });
  });

  it('about a document that is held out judges instead', () => {
    const { training, development } = ratedPairs([rated([a, other], 1, 0)], corpus, new Set([second]));
    expect(training).toEqual([]);
    expect(development).toEqual([{ question: 'How dense?', kind: 'thumb', relevant: [a, other] }]);
  });
});

it('what people called wrong stands before the mined negatives, once', async () => {
  const question = corpus.chunks.find(({ id }) => id === a)?.text.slice(0, 80) ?? '';
  const { training } = learn(rated([other], 0, 1, question), rated([a], 1, 0, question));
  const [mined] = await mineHardNegatives(training, corpus, wordEncoder);
  const ids = mined?.negatives.map(({ id }) => id) ?? [];
  expect(ids[0]).toBe(other);
  expect(ids.length).toBeGreaterThan(1);
  expect(new Set(ids).size).toBe(ids.length);
});
