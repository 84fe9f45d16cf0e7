// The port between the trainer and the encoder it changes: vectors out, gradients of the weights back.

/** A weight as the model folder holds it, row-major. The optimiser changes `values` in place. */
export interface Parameter {
  readonly name: string;
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** Texts as token ids, special tokens included; shorter ones are padded to the longest. */
export type TokenBatch = readonly (readonly number[])[];

/**
 * Sums of gradients over several batches. Of the word embeddings only the rows of tokens that occurred: a step touches a few
 * hundred of the thirty thousand.
 */
export interface Gradients {
  /** By parameter name, of the parameter's size; everything but the word embeddings. */
  readonly dense: Map<string, Float32Array>;
  /** Token id -> gradient of its row, `Float32Array[hidden]`. */
  readonly words: Map<number, Float32Array>;
}

export interface TrainingModel {
  readonly dimensions: number;
  readonly parameters: ReadonlyMap<string, Parameter>;
  /** Unit vectors, one after the other: `Float32Array[texts x dimensions]`. Nothing is kept for a later `backward`. */
  embed(batch: TokenBatch): Promise<Float32Array>;
  /**
   * Runs forward and backward for a batch whose loss has `gradient` (`Float32Array[texts x dimensions]`) with respect to its unit
   * vectors, and adds the weights' gradients to `into`.
   */
  backward(batch: TokenBatch, gradient: Float32Array, into: Gradients): Promise<void>;
  close(): Promise<void>;
}
