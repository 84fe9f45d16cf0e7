// A model small enough to differentiate by hand: the mean of the word vectors, turned by a matrix, brought to length one.
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { WORD_EMBEDDINGS } from '../../src/training/optimiser.js';
import type { Gradients, Parameter, TokenBatch, TrainingModel } from '../../src/training/training-model.js';

const SIZE = 8;

export class BagOfWordsModel implements TrainingModel {
  readonly dimensions = SIZE;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Texts of each pass. */
  readonly passes: number[] = [];
  readonly #words: Parameter;
  readonly #turn: Parameter;

  constructor(seed = 1, vocabulary = 60) {
    const random = seededRandom(seed);
    const drawn = (name: string, dims: number[]): Parameter => ({
      name,
      dims,
      values: Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => random() - 0.5),
    });
    this.#words = drawn(WORD_EMBEDDINGS, [vocabulary, SIZE]);
    this.#turn = drawn('turn.weight', [SIZE, SIZE]);
    this.parameters = new Map([this.#words, this.#turn].map((parameter) => [parameter.name, parameter]));
  }

  async embed(batch: TokenBatch): Promise<Float32Array> {
    this.passes.push(batch.length);
    return Float32Array.from(batch.flatMap((text) => this.#forward(text).unit));
  }

  async backward(batch: TokenBatch, gradient: Float32Array, into: Gradients): Promise<void> {
    this.passes.push(batch.length);
    const turned = into.dense.get('turn.weight') ?? new Float32Array(SIZE * SIZE);
    into.dense.set('turn.weight', turned);
    batch.forEach((text, row) => {
      const { mean, unit, norm } = this.#forward(text);
      const given = [...gradient.subarray(row * SIZE, (row + 1) * SIZE)];
      const along = given.reduce((sum, g, d) => sum + g * (unit[d] ?? 0), 0);
      const out = given.map((g, d) => (g - along * (unit[d] ?? 0)) / norm);
      const back = mean.map((_, d) =>
        out.reduce((sum, g, to) => sum + g * (this.#turn.values[to * SIZE + d] ?? 0), 0),
      );
      out.forEach((g, to) => {
        mean.forEach((value, from) => {
          turned[to * SIZE + from] = (turned[to * SIZE + from] ?? 0) + g * value;
        });
      });
      for (const token of text) {
        const word = into.words.get(token) ?? new Float32Array(SIZE);
        back.forEach((g, d) => {
          word[d] = (word[d] ?? 0) + g / text.length;
        });
        into.words.set(token, word);
      }
    });
  }

  async close(): Promise<void> {}

  #forward(text: readonly number[]) {
    const mean = Array.from({ length: SIZE }, (_, d) => {
      const sum = text.reduce((total, token) => total + (this.#words.values[token * SIZE + d] ?? 0), 0);
      return sum / text.length;
    });
    const out = mean.map((_, to) =>
      mean.reduce((sum, value, d) => sum + value * (this.#turn.values[to * SIZE + d] ?? 0), 0),
    );
    const norm = Math.hypot(...out);
    return { mean, norm, unit: out.map((value) => value / norm) };
  }
}
