// Hard negatives: near, but never the passage itself, its copies or what scores as high.
import { describe, expect, it } from 'vitest';
import { mineHardNegatives } from '../../src/training/hard-negatives.js';
import { makePairs } from '../../src/training/make-pairs.js';
import { corpusOf, MANUAL, type Page, wordEncoder } from '../support/manual-corpus.js';

const [first] = MANUAL as readonly [Page, ...Page[]];
// A second edition of the first page: a word more, else the same.
const second: Page = {
  ...first,
  path: 'second-edition.md',
  sections: first.sections.map(([path, text]) => [path, `${text} Revised.`] as const),
};
const corpus = corpusOf([...MANUAL, second]);
const { training } = makePairs(corpus, { samples: 120 });

describe.each([
  ['both sides', wordEncoder],
  ['words alone', null],
])('mined with %s', (_name, encoder) => {
  it('are other passages of the corpus, hardest first, at most 25', async () => {
    const mined = await mineHardNegatives(training, corpus, encoder);
    expect(mined).toHaveLength(training.length);
    const ids = new Set(corpus.chunks.map(({ id }) => id));
    let total = 0;
    for (const [at, example] of mined.entries()) {
      expect(example.question).toBe(training[at]?.question);
      expect(example.passage).toEqual(training[at]?.passage);
      const negatives = example.negatives.map(({ id }) => id);
      total += negatives.length;
      expect(negatives.length).toBeLessThanOrEqual(25);
      expect(new Set(negatives).size).toBe(negatives.length);
      for (const id of negatives) expect(ids).toContain(id);
      for (const right of [example.passage.id, ...example.notWrong]) expect(negatives).not.toContain(right);
    }
    expect(total / mined.length).toBeGreaterThan(5);
  });

  it('never hold a near copy of the passage: that is not wrong', async () => {
    const mined = await mineHardNegatives(training, corpus, encoder);
    const about = mined.filter(({ passage }) => passage.id.startsWith(`${first.path}#`));
    expect(about.length).toBeGreaterThan(0);
    for (const { passage, negatives, notWrong } of about) {
      const copy = passage.id.replace(first.path, second.path);
      expect(negatives.map(({ id }) => id)).not.toContain(copy);
      if (encoder !== null) expect(notWrong).toContain(copy);
    }
  });

  it('are the same every time', async () => {
    expect(await mineHardNegatives(training, corpus, encoder)).toEqual(
      await mineHardNegatives(training, corpus, encoder),
    );
  });
});

it('tells how far it is, and ends with the reason of the signal', async () => {
  const seen: number[] = [];
  await mineHardNegatives(training, corpus, wordEncoder, { onProgress: (done) => seen.push(done) });
  expect(seen.at(-1)).toBe(training.length);
  const reason = new Error('stopped');
  await expect(
    mineHardNegatives(training, corpus, wordEncoder, { signal: AbortSignal.abort(reason) }),
  ).rejects.toBe(reason);
});

it('has nothing to do without pairs, and keeps a pair whose passage is gone', async () => {
  expect(await mineHardNegatives([], corpus, wordEncoder)).toEqual([]);
  const orphan = { ...(training[0] as (typeof training)[number]), passage: { id: 'gone', text: 'gone' } };
  const [mined] = await mineHardNegatives([orphan], corpus, wordEncoder);
  expect(mined?.passage.id).toBe('gone');
});
