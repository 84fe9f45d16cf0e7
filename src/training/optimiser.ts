// Turns gradients into changed weights: AdamW, of the word embeddings only the rows that were read.
import { ChipwrightError } from '../errors.js';
import type { Gradients, Parameter } from './training-model.js';

/** The one parameter whose gradient comes by rows. */
export const WORD_EMBEDDINGS = 'embeddings.word_embeddings.weight';

const MEAN_DECAY = 0.9;
const VARIANCE_DECAY = 0.999;
const EPSILON = 1e-8;
const WEIGHT_DECAY = 0.01;
/** A step's gradient, all weights together, is scaled down to this length. */
const LONGEST_GRADIENT = 1;

/** What the formula needs in a step, the same for all weights. */
interface Rates {
  /** Scales gradients for clipping. */
  readonly clip: number;
  /** Learning rate over the bias correction of the mean. */
  readonly stride: number;
  /** One over the root of the bias correction of the variance. */
  readonly spread: number;
  readonly learningRate: number;
}

/**
 * AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) with the usual constants. Weight decay is decoupled, and spares biases and
 * LayerNorm, which are the parameters of one dimension.
 *
 * Word embeddings are updated lazily, like PyTorch's SparseAdam: the moments of a row advance, and its weights decay, only in steps
 * whose texts have the token. The bias correction counts all steps. That is exact when a row is met for the first time, for its
 * moments were zero until then; a row met now and then takes the larger part of its way at the next meeting instead of in the steps
 * between, and its moments are not blurred by steps that said nothing about it.
 */
export class AdamW {
  readonly #parameters: ReadonlyMap<string, Parameter>;
  readonly #means = new Map<string, Float32Array>();
  readonly #variances = new Map<string, Float32Array>();

  constructor(parameters: ReadonlyMap<string, Parameter>) {
    this.#parameters = parameters;
    for (const [name, { values }] of parameters) {
      this.#means.set(name, new Float32Array(values.length));
      this.#variances.set(name, new Float32Array(values.length));
    }
  }

  /** Running means of gradients and of their squares, by names of their own; a checkpoint holds them beside the weights. */
  get moments(): ReadonlyMap<string, Float32Array> {
    const named = (kind: string, moments: ReadonlyMap<string, Float32Array>) =>
      [...moments].map(([name, values]) => [`${kind}.${name}`, values] as const);
    return new Map([...named('mean', this.#means), ...named('variance', this.#variances)]);
  }

  /**
   * Changes the parameters by one step; `step` counts from 1. Returns the length of the gradient before clipping. Throws `model_corrupt`
   * when it is not a number, and changes nothing then.
   */
  step(gradients: Gradients, learningRate: number, step: number): number {
    const length = gradientLength(gradients);
    if (!Number.isFinite(length))
      throw new ChipwrightError('model_corrupt', 'The gradient of the training is not a number any more.', {
        cure: 'Tune again with a lower learning rate; if that does not help, pull the base model again.',
      });
    const rates: Rates = {
      clip: Math.min(1, LONGEST_GRADIENT / (length + 1e-6)),
      stride: learningRate / (1 - MEAN_DECAY ** step),
      spread: 1 / Math.sqrt(1 - VARIANCE_DECAY ** step),
      learningRate,
    };
    for (const [name, gradient] of gradients.dense) this.#change(name, gradient, 0, rates);
    for (const [token, gradient] of gradients.words)
      this.#change(WORD_EMBEDDINGS, gradient, token * gradient.length, rates);
    return length;
  }

  /** Changes the weights of one parameter from `from` on, as many as there are gradients. */
  #change(name: string, gradient: Float32Array, from: number, rates: Rates): void {
    const parameter = this.#parameters.get(name);
    const part = (all: Float32Array | undefined) => {
      const found = all?.subarray(from, from + gradient.length);
      if (found?.length !== gradient.length) throw new RangeError(`the gradient of ${name} does not fit it`);
      return found;
    };
    const decay = parameter !== undefined && parameter.dims.length > 1 ? WEIGHT_DECAY : 0;
    update(
      part(parameter?.values),
      gradient,
      part(this.#means.get(name)),
      part(this.#variances.get(name)),
      rates,
      decay,
    );
  }
}

/** The formula. All arrays have the length of `gradient`; some twenty million numbers pass here in every step. */
function update(
  weights: Float32Array,
  gradient: Float32Array,
  means: Float32Array,
  variances: Float32Array,
  { clip, stride, spread, learningRate }: Rates,
  decay: number,
): void {
  const kept = 1 - learningRate * decay;
  for (let at = 0; at < gradient.length; at++) {
    const slope = clip * (gradient[at] ?? 0);
    const mean = MEAN_DECAY * (means[at] ?? 0) + (1 - MEAN_DECAY) * slope;
    const variance = VARIANCE_DECAY * (variances[at] ?? 0) + (1 - VARIANCE_DECAY) * slope * slope;
    means[at] = mean;
    variances[at] = variance;
    weights[at] = kept * (weights[at] ?? 0) - (stride * mean) / (Math.sqrt(variance) * spread + EPSILON);
  }
}

function gradientLength({ dense, words }: Gradients): number {
  let squares = 0;
  for (const gradient of dense.values()) squares += sumOfSquares(gradient);
  for (const gradient of words.values()) squares += sumOfSquares(gradient);
  return Math.sqrt(squares);
}

function sumOfSquares(values: Float32Array): number {
  // Four sums at once: one alone would wait for itself at every addition.
  let [a, b, c, d] = [0, 0, 0, 0];
  const whole = values.length - (values.length % 4);
  for (let at = 0; at < whole; at += 4) {
    a += (values[at] ?? 0) ** 2;
    b += (values[at + 1] ?? 0) ** 2;
    c += (values[at + 2] ?? 0) ** 2;
    d += (values[at + 3] ?? 0) ** 2;
  }
  for (let at = whole; at < values.length; at++) a += (values[at] ?? 0) ** 2;
  return a + b + c + d;
}
