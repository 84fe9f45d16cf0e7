// Pairs made without a model: what a corpus gives, that it is repeatable, that held-out documents stay out, and that no manual gives nothing.
import { describe, expect, it } from 'vitest';
import { DEFAULT_MIX, makePairs, makeQuestions } from '../../src/training/make-pairs.js';
import { trainingExampleSchema } from '../../src/training/training-example.js';
import { corpusOf, FOREIGN, MANUAL, NOISE } from '../support/manual-corpus.js';

const corpus = corpusOf(MANUAL);
const byId = new Map(corpus.chunks.map((chunk) => [chunk.id, chunk]));

describe('makePairs', () => {
  const { training, development, leftOut } = makePairs(corpus, { samples: 150, seed: 3 });

  it('makes questions of every kind that the documents hold', () => {
    const kinds = new Set(training.map(({ origin }) => origin.kind));
    for (const kind of Object.keys(DEFAULT_MIX)) expect(kinds).toContain(kind);
    expect(training.length).toBeGreaterThan(100);
    expect(training.length).toBeLessThanOrEqual(150);
    expect(leftOut).toEqual({ notEnglishProse: 0, repeated: 0, legal: 0 });
  });

  it('asks in sentences, about the passage it names', () => {
    for (const example of training) {
      expect(() => trainingExampleSchema.parse(example)).not.toThrow();
      expect(example.question).not.toMatch(/[|{}<>]|undefined|\s{2}/);
      expect(example.question.split(' ').length).toBeGreaterThanOrEqual(3);
      const chunk = byId.get(example.passage.id);
      expect(example.origin.documents).toContain(chunk?.document.id);
      // The passage is its chunk, perhaps with the heading line, perhaps without the source sentence.
      const words = new Set(`${chunk?.document.title} ${chunk?.path.join(' ')} ${chunk?.text}`.match(/\w+/g));
      for (const word of example.passage.text.match(/\w+/g) ?? []) expect(words).toContain(word);
    }
  });

  it('gives the same for the same seed and other pairs for another', () => {
    expect(makePairs(corpus, { samples: 150, seed: 3 }).training).toEqual(training);
    expect(makePairs(corpus, { samples: 150, seed: 4 }).training).not.toEqual(training);
  });

  it('keeps held-out documents out of training, and asks about nothing else for development', () => {
    const trained = new Set(training.flatMap(({ origin }) => origin.documents));
    const held = new Set(
      development.flatMap(({ relevant }) => relevant.map((id) => byId.get(id)?.document.id)),
    );
    expect(held.size).toBeGreaterThan(0);
    for (const id of held) expect(trained).not.toContain(id);
    expect(development.every(({ kind }) => kind !== 'cropped')).toBe(true);
  });

  it('names the other passage of a compound question as not wrong', () => {
    const compounds = training.filter(({ origin }) => origin.kind === 'compound');
    expect(compounds.length).toBeGreaterThan(10);
    for (const { passage, notWrong } of compounds) {
      expect(notWrong).toHaveLength(1);
      expect(notWrong).not.toContain(passage.id);
    }
  });

  it('asks nothing twice, and no passage out', () => {
    const questions = training.map(({ question }) => question.toLowerCase());
    expect(new Set(questions).size).toBe(questions.length);
    const perChunk = new Map<string, number>();
    for (const { passage } of training) perChunk.set(passage.id, (perChunk.get(passage.id) ?? 0) + 1);
    // Four of its own; the rest of the pairs asked for are not squeezed out of it.
    expect(Math.max(...perChunk.values())).toBeLessThanOrEqual(4);
  });

  it('prefers, when told to, questions whose passage words alone do not find first', () => {
    const hard = (share: number) => {
      const made = makePairs(corpus, { samples: 60, seed: 3, preferHard: share }).training;
      return made.filter(({ origin }) => (origin.lexicalRank ?? 1) > 1).length / made.length;
    };
    expect(hard(1)).toBeGreaterThan(hard(0) + 0.2);
  });

  it('takes the mix it is given', () => {
    const { training: cropped } = makePairs(corpus, { samples: 30, mix: { cropped: 1 } });
    expect(new Set(cropped.map(({ origin }) => origin.kind))).toEqual(new Set(['cropped']));
  });

  it('ends with the reason of the signal', () => {
    const reason = new Error('stopped');
    expect(() => makePairs(corpus, { signal: AbortSignal.abort(reason) })).toThrow(reason);
  });
});

describe('documents that teach nothing', () => {
  it.each([
    ['another language', FOREIGN, { notEnglishProse: 10 }],
    ['noise', NOISE, { notEnglishProse: 10 }],
    ['licences', MANUAL.map((page) => ({ ...page, path: `LICENSE-${page.path}` })), { legal: 60 }],
  ])('give no pairs and an honest count: %s', (_name, pages, counted) => {
    const { training, development, leftOut } = makePairs(corpusOf(pages));
    expect(training).toEqual([]);
    expect(development).toEqual([]);
    expect(leftOut).toMatchObject(counted);
  });

  it('give few pairs when they are one page again and again, each copy as right as the first', () => {
    const [page] = MANUAL;
    const copies = Array.from(
      { length: 40 },
      (_, at) => ({ ...page, path: `copy-${at}.md` }) as (typeof MANUAL)[number],
    );
    const { training, leftOut } = makePairs(corpusOf(copies));
    expect(leftOut.repeated).toBe(39 * 5);
    expect(training.length).toBeLessThan(30);
    for (const { notWrong } of training) expect(notWrong.length).toBeGreaterThanOrEqual(39);
  });

  it('give nothing when there are none, or when they are empty or hostile', () => {
    const hostile = [
      '',
      '   ',
      '\u0000'.repeat(500),
      `${'> '.repeat(3000)}x`,
      `${'*'.repeat(5000)}`,
      '| '.repeat(4000),
      '`'.repeat(4001),
      '('.repeat(9000),
    ];
    expect(makePairs(corpusOf([])).training).toEqual([]);
    const pages = hostile.map((text, at) => ({
      path: `h${at}.md`,
      title: '',
      sections: [[[], text] as const],
    }));
    expect(makePairs(corpusOf(pages)).training).toEqual([]);
  });
});

describe('makeQuestions', () => {
  it('asks about every document, none held out', () => {
    const made = makeQuestions(corpus, { samples: 150, seed: 3 });
    const documents = new Set(made.map(({ relevant: [first = ''] }) => byId.get(first)?.document.id));
    expect(documents.size).toBe(MANUAL.length);
  });
});
