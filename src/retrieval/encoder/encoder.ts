// The port: text to vector.

export interface Encoder {
  /** Names the weights and everything that shapes a vector (pooling, prefixes, length). Vectors of two ids never mix. */
  readonly id: string;
  /** For people: `bge-small-en-v1.5`. */
  readonly name: string;
  readonly dimensions: number;
  /** Unit-length `Float32Array[dimensions]` per text, in order. Rejects with `encoder_unavailable`. */
  encode(texts: readonly string[], kind: 'query' | 'passage'): Promise<Float32Array[]>;
  close(): Promise<void>;
}
