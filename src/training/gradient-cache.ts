// The gradient of a batch of any size, in bounded memory.
import {
  type ExampleBatch,
  type ExampleTokenizer,
  microBatches,
  notWrongPairs,
  tokensOf,
} from './batches.js';
import { contrastiveLoss } from './loss.js';
import type { Stopwatch } from './stopwatch.js';
import type { Gradients, TrainingModel } from './training-model.js';
import type { TuningSettings } from './tuning-settings.js';

/** Who learns, and how. */
export interface Learner {
  readonly model: TrainingModel;
  readonly tokenizer: ExampleTokenizer;
  readonly settings: TuningSettings;
}

export interface BatchResult {
  readonly loss: number;
  readonly accuracy: number;
  /** Tokens of the texts, without padding. */
  readonly tokens: number;
}

/**
 * Adds the gradient of the batch's loss to `into`. Every vector competes with every other, but no pass of the model has to hold them all:
 * first the texts are embedded a few at a time, then the loss says where each vector should go, then each few pass the model again with
 * that as their gradient (Gao et al. 2021, arXiv 2101.06983). The sum is that of one large pass, at the price of a second forward pass.
 */
export async function addGradient(
  batch: ExampleBatch,
  { model, tokenizer, settings }: Learner,
  into: Gradients,
  watch: Stopwatch,
): Promise<BatchResult> {
  const { dimensions } = model;
  const texts = tokensOf(batch, tokenizer);
  const questions = batch.examples.length;
  const vectors = new Float32Array(texts.length * dimensions);
  const at = (place: number) => vectors.subarray(place * dimensions, (place + 1) * dimensions);
  watch.was('rest');

  for (const { places, tokens } of microBatches(texts, [...texts.keys()], settings.microBatchTokens)) {
    const found = await model.embed(tokens);
    places.forEach((place, row) => {
      at(place).set(found.subarray(row * dimensions, (row + 1) * dimensions));
    });
  }
  watch.was('embedding');

  const result = contrastiveLoss(
    {
      dimensions,
      questions: vectors.subarray(0, questions * dimensions),
      candidates: vectors.subarray(questions * dimensions),
      notWrong: notWrongPairs(batch),
    },
    settings.temperature,
    settings.matryoshka,
  );
  // The vectors have done their part: their room holds the gradient.
  vectors.set(result.questionGradient);
  vectors.set(result.candidateGradient, questions * dimensions);
  watch.was('rest');

  const lengths = Float64Array.from(texts.keys(), (place) => Math.hypot(...at(place)));
  const moved = withoutNegligible(lengths, settings.negligibleGradient);
  for (const { places, tokens } of microBatches(texts, moved, settings.microBatchTokens)) {
    const gradient = new Float32Array(places.length * dimensions);
    places.forEach((place, row) => {
      gradient.set(at(place), row * dimensions);
    });
    await model.backward(tokens, gradient, into);
  }
  watch.was('backward');
  const read = texts.reduce((sum, ids) => sum + ids.length, 0);
  return { loss: result.loss, accuracy: result.accuracy, tokens: read };
}

/**
 * The places of the longest gradients, in order: all but those that together hold less than `share` of the sum of lengths. Most passages of
 * a batch are far from all its questions but their own, and pull at nothing: their second pass would cost as much as that of the others.
 */
function withoutNegligible(lengths: Float64Array, share: number): number[] {
  let room = share * lengths.reduce((sum, length) => sum + length, 0);
  const dropped = new Set<number>();
  for (const place of [...lengths.keys()].sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b)) {
    room -= lengths[place] ?? 0;
    if (!(room >= 0)) break; // Also where a length is no number: the optimiser says so.
    dropped.add(place);
  }
  return [...lengths.keys()].filter((place) => !dropped.has(place));
}
