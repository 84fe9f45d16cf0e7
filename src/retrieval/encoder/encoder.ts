// The port: text to vector.

/**
 * What a text is: a question, a passage to be stored, or a line of a passage that is compared with a question while somebody waits. Passages
 * wait for the others, and get the exact vectors of the model; the others get nearly the same ones, sooner.
 */
export type TextKind = 'query' | 'line' | 'passage';

export interface Encoder {
  /** Names the weights and everything that shapes a vector (pooling, prefixes, length). Vectors of two ids never mix. */
  readonly id: string;
  /** For people: `bge-small-en-v1.5`. */
  readonly name: string;
  readonly dimensions: number;
  /** Unit-length `Float32Array[dimensions]` per text, in order. Rejects with `encoder_unavailable`. */
  encode(texts: readonly string[], kind: TextKind): Promise<Float32Array[]>;
  close(): Promise<void>;
}
