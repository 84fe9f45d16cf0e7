import { describe, expect, it } from 'vitest';
import { AdamW, WORD_EMBEDDINGS } from '../../src/training/optimiser.js';
import type { Gradients, Parameter } from '../../src/training/training-model.js';

function parameters(): Map<string, Parameter> {
  const list: Parameter[] = [
    { name: WORD_EMBEDDINGS, dims: [4, 2], values: Float32Array.from({ length: 8 }, (_, at) => at / 8) },
    { name: 'dense.weight', dims: [2, 2], values: new Float32Array([0.5, -0.5, 1, -1]) },
    { name: 'dense.bias', dims: [2], values: new Float32Array([0.5, -0.5]) },
  ];
  return new Map(list.map((parameter) => [parameter.name, parameter]));
}

function gradients(words: [number, number[]][], weight = [0.1, 0, 0, 0], bias = [0, 0]): Gradients {
  return {
    dense: new Map([
      ['dense.weight', new Float32Array(weight)],
      ['dense.bias', new Float32Array(bias)],
    ]),
    words: new Map(words.map(([token, row]) => [token, new Float32Array(row)])),
  };
}

const valuesOf = (all: ReadonlyMap<string, Parameter>, name: string) => [...(all.get(name)?.values ?? [])];

describe('AdamW', () => {
  it('takes the steps that PyTorch takes', () => {
    // torch.optim.AdamW([w], lr=.1, weight_decay=.01), w = [.5, -.5, 1, -1], gradients [.1, -.2, 0, .3] and [.2, .1, -.1, 0].
    const all = parameters();
    const optimiser = new AdamW(all);
    optimiser.step(gradients([], [0.1, -0.2, 0, 0.3]), 0.1, 1);
    optimiser.step(gradients([], [0.2, 0.1, -0.1, 0]), 0.1, 2);
    const [b1, b2] = [0.9, 0.999];
    const expected = [
      [0.5, 0.1, 0.2],
      [-0.5, -0.2, 0.1],
      [1, 0, -0.1],
      [-1, 0.3, 0],
    ].map(([start = 0, first = 0, second = 0]) => {
      let [w, m, v] = [start, 0, 0];
      for (const [at, g] of [first, second].entries()) {
        w *= 1 - 0.1 * 0.01;
        m = b1 * m + (1 - b1) * g;
        v = b2 * v + (1 - b2) * g * g;
        const [mHat, vHat] = [m / (1 - b1 ** (at + 1)), v / (1 - b2 ** (at + 1))];
        w -= (0.1 * mHat) / (Math.sqrt(vHat) + 1e-8);
      }
      return w;
    });
    valuesOf(all, 'dense.weight').forEach((value, at) => {
      expect(value).toBeCloseTo(expected[at] ?? 0, 6);
    });
  });

  it('lets weights decay, biases and LayerNorm not', () => {
    const all = parameters();
    new AdamW(all).step(gradients([], [0, 0, 0, 0]), 0.1, 1);
    expect(valuesOf(all, 'dense.weight')).toEqual([0.5, -0.5, 1, -1].map((w) => Math.fround(w * 0.999)));
    expect(valuesOf(all, 'dense.bias')).toEqual([0.5, -0.5]);
  });

  it('changes only the words that were read, each by its own row', () => {
    const all = parameters();
    new AdamW(all).step(gradients([[2, [0.1, -0.1]]]), 0.1, 1);
    const before = [0, 1, 2, 3, 4, 5, 6, 7].map((at) => at / 8);
    const after = valuesOf(all, WORD_EMBEDDINGS);
    expect([...after.slice(0, 4), ...after.slice(6)]).toEqual([...before.slice(0, 4), ...before.slice(6)]);
    expect(after[4]).toBeCloseTo(0.5 * 0.999 - 0.1, 5);
    expect(after[5]).toBeCloseTo(0.625 * 0.999 + 0.1, 5);
  });

  it('treats a word that is met for the first time as if it had had no gradient until then', () => {
    const lazy = parameters();
    const always = parameters();
    const [first, second] = [new AdamW(lazy), new AdamW(always)];
    for (let step = 1; step <= 5; step++) {
      first.step(gradients([]), 0, step);
      second.step(gradients([[1, [0, 0]]]), 0, step);
    }
    first.step(gradients([[1, [0.2, 0.4]]]), 0.1, 6);
    second.step(gradients([[1, [0.2, 0.4]]]), 0.1, 6);
    expect(valuesOf(lazy, WORD_EMBEDDINGS)).toEqual(valuesOf(always, WORD_EMBEDDINGS));
  });

  it('clips the gradient of all weights together, and says how long it was', () => {
    const [clipped, scaled] = [parameters(), parameters()];
    // Adam forgets the scale of a first step: clipping shows in the moments.
    const long = new AdamW(clipped);
    expect(long.step(gradients([[0, [3, 0]]], [0, 4, 0, 0], [12, 0]), 0.1, 1)).toBeCloseTo(13, 5);
    const short = new AdamW(scaled);
    expect(short.step(gradients([[0, [3 / 13, 0]]], [0, 4 / 13, 0, 0], [12 / 13, 0]), 0.1, 1)).toBeCloseTo(
      1,
      5,
    );
    for (const [name, values] of long.moments)
      values.forEach((value, at) => {
        expect(value).toBeCloseTo(short.moments.get(name)?.[at] ?? 0, 6);
      });
  });

  it('refuses a gradient that is not a number, and leaves the weights alone', () => {
    for (const broken of [Number.NaN, Infinity]) {
      const all = parameters();
      const optimiser = new AdamW(all);
      expect(() => optimiser.step(gradients([[1, [broken, 0]]]), 0.1, 1)).toThrow(
        expect.objectContaining({ code: 'model_corrupt' }),
      );
      expect(all).toEqual(parameters());
    }
  });
});
