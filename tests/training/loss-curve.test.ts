import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { openTrainingModel } from '../../src/training/bert-training-model.js';
import { contrastiveLoss } from '../../src/training/loss.js';
import { AdamW } from '../../src/training/optimiser.js';
import { learningRate } from '../../src/training/schedule.js';
import type { Gradients } from '../../src/training/training-model.js';
import { tinyBertConfig, tinyBertWeights, tokenBatches } from '../support/tiny-bert.js';

const curveSchema = z.object({ losses: z.array(z.number()), gradientNorms: z.array(z.number()) });
const referenceSchema = z.object({
  seeds: z.object({ weights: z.number(), batches: z.number() }),
  steps: z.number(),
  temperature: z.number(),
  optimiser: z.object({ rate: z.number() }),
  rates: z.array(z.number()),
  cls: curveSchema,
  mean: curveSchema,
});

const path = join(import.meta.dirname, '../fixtures/training/loss-curve.json');
const reference = referenceSchema.parse(JSON.parse(await readFile(path, 'utf8')));

/** The same training as the fixture's, by our own parts. */
async function trainTiny(pooling: 'cls' | 'mean') {
  const { seeds, steps, temperature, optimiser: given } = reference;
  const weights = tinyBertWeights(seeds.weights);
  const model = await openTrainingModel({ config: tinyBertConfig, weights, pooling, threads: 1 });
  const optimiser = new AdamW(model.parameters);
  const losses: number[] = [];
  const norms: number[] = [];
  for (const [at, { questions, passages }] of tokenBatches(seeds.batches).entries()) {
    const result = contrastiveLoss(
      {
        dimensions: model.dimensions,
        questions: await model.embed(questions),
        candidates: await model.embed(passages),
        notWrong: new Uint8Array(questions.length * passages.length),
      },
      temperature,
    );
    const gradients: Gradients = { dense: new Map(), words: new Map() };
    await model.backward(questions, result.questionGradient, gradients);
    await model.backward(passages, result.candidateGradient, gradients);
    losses.push(result.loss);
    norms.push(optimiser.step(gradients, learningRate(at + 1, steps, given.rate), at + 1));
  }
  await model.close();
  return { losses, norms };
}

describe('twenty steps of training', () => {
  it.each(['cls', 'mean'] as const)("follow PyTorch's within one per cent, %s", async (pooling) => {
    const { losses, norms } = await trainTiny(pooling);
    expect(losses).toHaveLength(reference.steps);
    losses.forEach((loss, at) => {
      expect(loss / (reference[pooling].losses[at] ?? 0)).toBeCloseTo(1, 2);
      expect(norms[at] ?? 0).toBeGreaterThan((reference[pooling].gradientNorms[at] ?? 0) * 0.99);
      expect(norms[at] ?? 0).toBeLessThan((reference[pooling].gradientNorms[at] ?? 0) * 1.01);
    });
  });

  it('go at the same learning rates', () => {
    reference.rates.forEach((rate, at) => {
      expect(learningRate(at + 1, reference.steps, reference.optimiser.rate)).toBeCloseTo(rate, 12);
    });
  });
});
