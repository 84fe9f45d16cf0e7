// Drafts of test questions, and what a person decides about them, kept on disk.
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readEvaluationSet } from '../../src/evaluation/data-set.js';
import { draftQuestions } from '../../src/training/draft-questions.js';
import { QuestionReview } from '../../src/training/question-review.js';
import { corpusOf, MANUAL, NOISE } from '../support/manual-corpus.js';

const corpus = corpusOf(MANUAL);
const known = new Set(corpus.chunks.map(({ id }) => id));

describe('draftQuestions', () => {
  it('spreads over the documents, and asks about no passage twice', () => {
    const drafts = draftQuestions(corpus, { count: 12, seed: 1 });
    expect(drafts).toHaveLength(12);
    const documents = new Set(drafts.map(({ relevant: [first = ''] }) => first.split('#')[0]));
    expect(documents.size).toBeGreaterThanOrEqual(10);
    const chunks = drafts.flatMap(({ relevant }) => relevant);
    expect(new Set(chunks).size).toBe(chunks.length);
    expect(drafts.map(({ kind }) => kind)).not.toContain('cropped');
  });

  it('leaves out what was asked about before, and gives the same for the same seed', () => {
    const first = draftQuestions(corpus, { count: 10, seed: 1 });
    expect(draftQuestions(corpus, { count: 10, seed: 1 })).toEqual(first);
    const used = new Set(first.flatMap(({ relevant }) => relevant));
    const more = draftQuestions(corpus, { count: 10, seed: 1, used });
    expect(more.length).toBeGreaterThan(0);
    for (const { relevant } of more) for (const id of relevant) expect(used).not.toContain(id);
  });

  it('gives nothing where there is nothing to ask', () => {
    expect(draftQuestions(corpusOf(NOISE), { count: 10, seed: 1 })).toEqual([]);
    expect(draftQuestions(corpusOf([]), { count: 10, seed: 1 })).toEqual([]);
  });
});

describe('QuestionReview', () => {
  let folder: string;
  beforeEach(async () => {
    folder = join(await mkdtemp(join(tmpdir(), 'chipwright-review-')), 'set');
  });
  afterEach(() => rm(join(folder, '..'), { recursive: true }));

  it('takes up where it was left, without what is no longer indexed', async () => {
    const review = await QuestionReview.open(folder, known);
    review.add(draftQuestions(corpus, { count: 4, seed: 1 }));
    const [first, second] = review.drafts;
    if (first === undefined || second === undefined) throw new Error('no drafts');
    first.decision = 'kept';
    await review.save();
    const later = await QuestionReview.open(folder, known);
    expect(later.drafts).toEqual(review.drafts);
    expect(later.open).toHaveLength(3);
    const shrunk = new Set([...known].filter((id) => !second.relevant.includes(id)));
    expect((await QuestionReview.open(folder, shrunk)).drafts).toHaveLength(3);
  });

  it('writes files that the evaluation reads, for its owner alone', async () => {
    const review = await QuestionReview.open(folder, known);
    review.add(draftQuestions(corpus, { count: 5, seed: 1 }));
    for (const draft of review.drafts) draft.decision = 'kept';
    const { corpus: passages, queries, qrels } = await review.writeTestSet(corpus);
    const set = await readEvaluationSet({ corpus: passages, queries, judgements: qrels });
    expect(set.corpus).toHaveLength(corpus.chunks.length);
    expect(set.questions.map(({ text }) => text)).toEqual(review.drafts.map(({ question }) => question));
    expect([...(set.questions[0]?.judged.keys() ?? [])]).toEqual(review.drafts[0]?.relevant);
    expect((await stat(passages)).mode & 0o077).toBe(0);
    expect((await stat(folder)).mode & 0o077).toBe(0);
  });

  it('refuses a file of something else, and leaves it as it is', async () => {
    await QuestionReview.open(folder, known);
    await writeFile(join(folder, 'drafts.json'), '{"half');
    await expect(QuestionReview.open(folder, known)).rejects.toMatchObject({ code: 'usage_invalid' });
    expect(await readFile(join(folder, 'drafts.json'), 'utf8')).toBe('{"half');
  });
});
