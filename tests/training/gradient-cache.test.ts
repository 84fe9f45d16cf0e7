import { describe, expect, it } from 'vitest';
import { type ExampleBatch, microBatches, tokensOf } from '../../src/training/batches.js';
import { addGradient } from '../../src/training/gradient-cache.js';
import { Stopwatch } from '../../src/training/stopwatch.js';
import type { Gradients } from '../../src/training/training-model.js';
import { BagOfWordsModel } from './bag-of-words-model.js';
import { lessons, quick, wordTokens } from './lessons.js';

const examples = lessons(7);
const batch: ExampleBatch = { examples, negatives: examples.flatMap(({ negatives }) => negatives.slice(2)) };

async function gradientOf(model: BagOfWordsModel, microBatchTokens: number, negligibleGradient = 0) {
  const into: Gradients = { dense: new Map(), words: new Map() };
  const learner = {
    model,
    tokenizer: wordTokens,
    settings: { ...quick, microBatchTokens, negligibleGradient },
  };
  const result = await addGradient(batch, learner, into, new Stopwatch(() => 0));
  return { ...result, into };
}

describe('the gradient of a batch', () => {
  it('is the slope of the loss along each weight', async () => {
    const model = new BagOfWordsModel();
    const { into } = await gradientOf(model, 30);
    for (const [name, { values }] of model.parameters)
      for (let at = 0; at < values.length; at++) {
        const centre = values[at] ?? 0;
        values[at] = centre + 1e-3;
        const above = (await gradientOf(model, 1e6)).loss;
        values[at] = centre - 1e-3;
        const below = (await gradientOf(model, 1e6)).loss;
        values[at] = centre;
        const row = into.words.get(Math.floor(at / model.dimensions));
        const found = into.dense.get(name)?.[at] ?? row?.[at % model.dimensions] ?? 0;
        expect(found).toBeCloseTo((above - below) / 2e-3, 2);
      }
  });

  it('is the same however few texts pass the model at a time', async () => {
    const whole = await gradientOf(new BagOfWordsModel(), 1e6);
    const model = new BagOfWordsModel();
    const parts = await gradientOf(model, 12);
    const texts = tokensOf(batch, wordTokens);
    expect(model.passes).toHaveLength(2 * microBatches(texts, [...texts.keys()], 12).length);
    expect(Math.max(...model.passes)).toBeLessThanOrEqual(3);
    expect(parts.loss).toBe(whole.loss);
    expect(parts.tokens).toBe(whole.tokens);
    for (const [name, gradient] of whole.into.dense)
      gradient.forEach((value, at) => {
        expect(parts.into.dense.get(name)?.[at]).toBeCloseTo(value, 5);
      });
    for (const [token, gradient] of whole.into.words)
      gradient.forEach((value, at) => {
        expect(parts.into.words.get(token)?.[at]).toBeCloseTo(value, 5);
      });
  });

  it('leaves out the texts that hardly move, and points the same way', async () => {
    const model = new BagOfWordsModel();
    const all = await gradientOf(model, 12);
    const passes = model.passes.splice(0).length;
    const most = await gradientOf(model, 12, 0.2);
    expect(model.passes.length).toBeLessThan(passes);
    expect(most.loss).toBe(all.loss);
    for (const [name, gradient] of all.into.dense) {
      const other = most.into.dense.get(name) ?? new Float32Array();
      const product = gradient.reduce((sum, value, at) => sum + value * (other[at] ?? 0), 0);
      expect(product / Math.hypot(...gradient) / Math.hypot(...other)).toBeGreaterThan(0.95);
    }
  });
});
