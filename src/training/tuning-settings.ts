// The numbers of a tuning run, and the ones that did best on questions nobody tuned on.

export interface TuningSettings {
  /** How often every example is seen. */
  readonly epochs: number;
  /** Examples a step. Each one's passage is a wrong answer to all the others: more is harder, and takes no more memory. */
  readonly batchSize: number;
  /** The highest learning rate, reached after the warm-up. */
  readonly learningRate: number;
  /** Divides the cosines before they compete: the lower, the more only the nearest wrong passages count. */
  readonly temperature: number;
  /** Hard negatives drawn for each example. */
  readonly hardNegatives: number;
  /** They are drawn from so many of its first ones. */
  readonly hardNegativePool: number;
  /** Orders examples and draws negatives: the same seed gives the same model. */
  readonly seed: number;
  /** Threads inside one run of the model. */
  readonly threads: number;
  /** Longest question and passage in tokens, with prefix and special tokens; what is longer is cut. */
  readonly questionTokens: number;
  readonly passageTokens: number;
  /** Tokens with padding that pass the model together: bounds the memory of a step, whatever the batch. */
  readonly microBatchTokens: number;
  /**
   * Share of the vectors' gradients, by length, that may be left out of a step: those of the texts that hardly move. 0 for none. .03 leaves
   * out about a fifth of the texts at the price of .4 % of the squared gradient.
   * With .2 training takes two thirds of the time and teaches less: dense nDCG@10 of 450 held-out questions +.043 [.026, .062]
   * for +.074 [.056, .093], and general questions lose .010.
   */
  readonly negligibleGradient: number;
  /** Lengths at which a vector that is cut off must still find its passage; only the whole vector when absent. */
  readonly matryoshka?: readonly number[];
  /** Steps between checkpoints. */
  readonly checkpointEvery: number;
}

export const DEFAULT_SETTINGS: TuningSettings = {
  epochs: 1,
  batchSize: 48,
  learningRate: 3e-5,
  temperature: 0.03,
  hardNegatives: 1,
  hardNegativePool: 25,
  seed: 1,
  threads: 2,
  questionTokens: 48,
  passageTokens: 128,
  // bge-small then trains in 1.6 GB; with 2,048 it takes 2.4 GB and is 2 % faster.
  microBatchTokens: 512,
  negligibleGradient: 0.03,
  checkpointEvery: 10,
};
