// The mean of two models.
import { describe, expect, it } from 'vitest';
import { mergeWeights } from '../../src/training/merge.js';

const weights = (values: number[]) =>
  new Map([['w', { dims: [values.length], values: Float32Array.from(values) }]]);

describe('a merged model', () => {
  it('is the base at 0, the tuned one at 1, and between them in between', () => {
    const base = weights([0, 1, -2]);
    const tuned = weights([1, 3, 2]);
    expect([...(mergeWeights(base, tuned, 0).get('w')?.values ?? [])]).toEqual([0, 1, -2]);
    expect([...(mergeWeights(base, tuned, 1).get('w')?.values ?? [])]).toEqual([1, 3, 2]);
    expect([...(mergeWeights(base, tuned, 0.5).get('w')?.values ?? [])]).toEqual([0.5, 2, 0]);
    expect([...(base.get('w')?.values ?? [])]).toEqual([0, 1, -2]);
  });

  it('is refused where the two have different shapes', () => {
    expect(() => mergeWeights(weights([1]), weights([1, 2]), 0.5)).toThrow(/does not fit/);
    expect(() => mergeWeights(weights([1]), new Map(), 0.5)).toThrow(/does not fit/);
  });
});
