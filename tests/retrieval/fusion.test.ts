// Fusion, and the statistics and selections it rests on.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { fuse, fuseByRank } from '../../src/retrieval/fusion.js';
import type { HitList } from '../../src/retrieval/index-port.js';
import { Moments } from '../../src/retrieval/moments.js';
import { TopK } from '../../src/retrieval/top-k.js';

const list = (scores: Record<string, number>, mean = 0, deviation = 1): HitList => ({
  hits: Object.entries(scores).map(([id, score]) => ({ id, score })),
  mean,
  deviation,
});
const one = (lists: HitList[]) => fuse(lists.map((each) => ({ list: each, weight: 1 })));

describe('fuse', () => {
  it('adds standardised scores', () => {
    const fused = one([list({ a: 3, b: 1 }, 1, 2), list({ a: 10, b: 30 }, 10, 10)]);
    expect(fused).toEqual([
      { id: 'b', score: 2 },
      { id: 'a', score: 1 },
    ]);
  });

  it('gives a chunk that one side did not find the lowest value of that side', () => {
    const fused = one([list({ a: 3, b: 2 }), list({ c: 5, a: 1 })]);
    expect(fused.map(({ id, score }) => [id, score])).toEqual([
      ['c', 7],
      ['a', 4],
      ['b', 3],
    ]);
  });

  it('keeps what was found where there is nothing to compare it with', () => {
    expect(one([list({ only: 0.4 }, 0.4, 0), list({})])).toEqual([{ id: 'only', score: 0 }]);
    expect(one([list({ a: 2, b: 2 }, 2, 0), list({ b: 3 })]).map(({ id }) => id)).toEqual(['a', 'b']);
  });

  it('does not care about the scale of a side', () => {
    const dense = { a: 0.71, b: 0.7, c: 0.5 };
    const words = list({ b: 12, c: 11, d: 2 }, 1, 3);
    const order = (factor: number) =>
      one([
        list(
          Object.fromEntries(Object.entries(dense).map(([id, score]) => [id, score * factor])),
          0.4 * factor,
          0.1 * factor,
        ),
        words,
      ]).map(({ id }) => id);
    expect(order(1)).toEqual(order(1000));
  });

  it('ranks by one side when the other is empty or says the same of all', () => {
    const words = list({ a: 2, b: 5 });
    expect(one([list({}), words]).map(({ id }) => id)).toEqual(['b', 'a']);
    expect(one([list({ a: 1, b: 1 }, 1, 0), words]).map(({ id }) => id)).toEqual(['b', 'a']);
    expect(one([])).toEqual([]);
  });

  it('breaks ties the same way every time', () => {
    expect(one([list({ b: 1, a: 1, c: 1 })]).map(({ id }) => id)).toEqual(['a', 'b', 'c']);
  });
});

describe('TopK', () => {
  it('keeps what sorting everything would keep', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: -5, max: 5 }), { maxLength: 60 }),
        fc.integer({ min: 1, max: 20 }),
        (scores, k) => {
          const best = new TopK(k);
          scores.forEach((score, key) => {
            best.offer(key, score);
          });
          const expected = scores
            .map((score, key) => ({ key, score }))
            .sort((a, b) => b.score - a.score || a.key - b.key);
          expect(best.sorted()).toEqual(expected.slice(0, k));
        },
      ),
    );
  });
});

describe('Moments', () => {
  const DIMENSIONS = 6;
  const random = seededRandom(3);
  const vector = () => Float32Array.from({ length: DIMENSIONS }, () => random() - 0.4);

  it("knows mean and deviation of any query's scores, through additions, removals and storage", () => {
    const kept = Array.from({ length: 50 }, vector);
    const gone = Array.from({ length: 20 }, vector);
    let moments = new Moments(DIMENSIONS);
    for (const each of [...gone, ...kept]) moments.add(each);
    for (const each of gone) moments.subtract(each);
    moments = new Moments(DIMENSIONS, { count: moments.count, sums: moments.serialise() });
    expect(moments.count).toBe(50);
    for (let trial = 0; trial < 10; trial++) {
      const query = vector();
      const scores = kept.map((each) => each.reduce((sum, value, at) => sum + value * (query[at] ?? 0), 0));
      const mean = scores.reduce((sum, value) => sum + value, 0) / scores.length;
      const deviation = Math.sqrt(
        scores.reduce((sum, value) => sum + (value - mean) ** 2, 0) / scores.length,
      );
      expect(moments.scoreStatistics(query).mean).toBeCloseTo(mean, 6);
      expect(moments.scoreStatistics(query).deviation).toBeCloseTo(deviation, 6);
    }
  });

  it('says nothing of an empty index', () => {
    expect(new Moments(DIMENSIONS).scoreStatistics(vector())).toEqual({ mean: 0, deviation: 0 });
  });
});

it('fuses by rank alone, whatever the scores and statistics', () => {
  const fused = fuseByRank([
    { list: list({ a: 900, b: 1 }, 5, 0), weight: 1 },
    { list: list({ b: 0.2, c: 0.1 }), weight: 1 },
    { list: list({ d: 1 }), weight: 0 },
  ]);
  expect(fused).toEqual([
    { id: 'b', score: 1 / 62 + 1 / 61 },
    { id: 'a', score: 1 / 61 },
    { id: 'c', score: 1 / 62 },
  ]);
});
