// The measures against numbers worked out by hand, the intervals against what they must hold, and the reader of sets.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { bootstrap, seededRandom } from '../../src/evaluation/bootstrap.js';
import { readEvaluationSet } from '../../src/evaluation/data-set.js';
import { found, ndcg, reciprocalRank } from '../../src/evaluation/metrics.js';
import { compare, score } from '../../src/evaluation/retrieval-evaluation.js';

const judged = new Map([
  ['a', 2],
  ['b', 1],
  ['z', 0],
]);

describe('the measures', () => {
  it('count what was found of what is relevant', () => {
    expect(found(['z', 'a', 'x', 'b'], judged, 3)).toEqual({ hits: 1, relevant: 2 });
    expect(found(['a', 'a', 'b'], judged, 3)).toEqual({ hits: 2, relevant: 2 });
    expect(found([], judged, 3)).toEqual({ hits: 0, relevant: 2 });
  });

  it('weigh graded relevance by place (worked by hand)', () => {
    // gain 0 + 2/log2(3) + 1/log2(4) = 1.7619; ideal 2/log2(2) + 1/log2(3) = 2.6309
    expect(ndcg(['x', 'a', 'b'], judged, 10)).toBeCloseTo(1.7619 / 2.6309, 4);
    expect(ndcg(['a', 'b'], judged, 10)).toBe(1);
    expect(ndcg(['x'], judged, 10)).toBe(0);
    expect(ndcg(['a'], new Map(), 10)).toBe(0);
  });

  it('look for the first relevant one', () => {
    expect(reciprocalRank(['x', 'z', 'b'], judged, 10)).toBeCloseTo(1 / 3);
    expect(reciprocalRank(['x', 'z', 'b'], judged, 2)).toBe(0);
  });

  it('stay between nothing and everything for any ranking', () => {
    const ids = fc.uniqueArray(fc.constantFrom('a', 'b', 'c', 'z'), { minLength: 0 });
    fc.assert(
      fc.property(ids, fc.integer({ min: 1, max: 20 }), (ranking, k) => {
        for (const value of [ndcg(ranking, judged, k), reciprocalRank(ranking, judged, k)]) {
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1 + 1e-12);
        }
      }),
    );
  });
});

describe('score and compare', () => {
  const set = {
    corpus: [],
    questions: [
      {
        id: '1',
        text: '',
        judged: new Map([
          ['a', 1],
          ['b', 1],
          ['c', 1],
        ]),
      },
      { id: '2', text: '', judged: new Map([['d', 1]]) },
    ],
  };

  it('tell micro from macro recall', () => {
    const scores = score(set, [['a'], ['d']]);
    expect(scores['microRecall@5']?.value).toBeCloseTo(2 / 4);
    expect(scores['macroRecall@5']?.value).toBeCloseTo((1 / 3 + 1) / 2);
    expect(scores['hit@1']?.value).toBe(1);
  });

  it('see no difference between equal rankings, and all of it between opposite ones', () => {
    const right = [['a', 'b', 'c'], ['d']];
    const same = compare(set, right, right)['microRecall@5'];
    expect(same).toEqual({ value: 0, low: 0, high: 0 });
    expect(compare(set, right, [[], []])['microRecall@5']?.value).toBe(1);
  });
});

describe('bootstrap', () => {
  it('gives the same interval for the same data, around the value', () => {
    const random = seededRandom(8);
    const data = Array.from({ length: 90 }, () => (random() < 0.6 ? 1 : 0));
    const mean = (sample: Uint32Array) =>
      [...sample].reduce((sum, at) => sum + (data[at] ?? 0), 0) / sample.length;
    const interval = bootstrap(90, mean);
    expect(bootstrap(90, mean)).toEqual(interval);
    const value = mean(Uint32Array.from(data.keys()));
    // 1.96 standard errors of a share of 90.
    const margin = 1.96 * Math.sqrt((value * (1 - value)) / 90);
    expect(interval.low).toBeCloseTo(value - margin, 1);
    expect(interval.high).toBeCloseTo(value + margin, 1);
  });
});

describe('readEvaluationSet', () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chipwright-eval-'));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function read(corpus: string, queries: string, judgements: string) {
    const files = { corpus: join(folder, 'c'), queries: join(folder, 'q'), judgements: join(folder, 'r') };
    await writeFile(files.corpus, corpus);
    await writeFile(files.queries, queries);
    await writeFile(files.judgements, judgements);
    return readEvaluationSet(files);
  }
  const corpus = '{"id":"p1","text":"one"}\n\n{"id":"p2","title":"T","text":"two","more":1}\r\n';

  it('reads lines, leaves out questions nobody judged', async () => {
    const set = await read(
      corpus,
      '{"id":"q1","text":"?"}\n{"id":"q2","text":"??"}',
      '{"query_id":"q1","doc_id":"p2","relevance":1}',
    );
    expect(set.corpus).toEqual([
      { id: 'p1', title: '', text: 'one' },
      { id: 'p2', title: 'T', text: 'two' },
    ]);
    expect(set.questions).toEqual([{ id: 'q1', text: '?', judged: new Map([['p2', 1]]) }]);
  });

  it.each([
    ['{"id":"p1"', '{}', '{}', /line 1 is not JSON/],
    ['{"id":5,"text":"x"}', '{}', '{}', /line 1: id/],
    [corpus, '{"id":"q1","text":"?"}', '{"query_id":"q1","doc_id":"p9","relevance":1}', /names passage p9/],
    [corpus, '{"id":"q1","text":"?"}', '{"query_id":"q1","doc_id":"p1","relevance":0}', /No question/],
  ])('names file, line and reason: %#', async (c, q, r, message) => {
    await expect(read(c, q, r)).rejects.toThrow(message);
  });

  it('says which file cannot be read', async () => {
    const files = { corpus: join(folder, 'none'), queries: '', judgements: '' };
    await expect(readEvaluationSet(files)).rejects.toThrow(/none: the file cannot be read/);
  });
});
