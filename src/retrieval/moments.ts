// Mean and covariance of all passage vectors, kept up to date as passages come and go.
//
// Fusion standardises a question's dense scores by their mean and deviation over the whole index. For a unit question vector q
// both follow in closed form, without a scan: the mean is q . m and the variance q' C q, with m and C the mean and the covariance
// of the vectors.

/** Sums over `count` vectors of `dimensions`; `outer` is the upper triangle, row by row. */
export class Moments {
  readonly dimensions: number;
  #count: number;
  readonly #sum: Float64Array;
  readonly #outer: Float64Array;

  constructor(dimensions: number, stored?: { count: number; sums: Buffer }) {
    this.dimensions = dimensions;
    const triangle = (dimensions * (dimensions + 1)) / 2;
    const values = new Float64Array(dimensions + triangle);
    if (stored !== undefined && stored.sums.byteLength === values.byteLength) {
      new Uint8Array(values.buffer).set(stored.sums);
    }
    this.#count = stored?.count ?? 0;
    this.#sum = values.subarray(0, dimensions);
    this.#outer = values.subarray(dimensions);
  }

  get count(): number {
    return this.#count;
  }

  add(vector: Float32Array): void {
    this.#accumulate(vector, 1);
  }

  subtract(vector: Float32Array): void {
    this.#accumulate(vector, -1);
  }

  /** Mean and standard deviation of the scores of unit vector `query` over all vectors. */
  scoreStatistics(query: Float32Array): { mean: number; deviation: number } {
    if (this.#count === 0) return { mean: 0, deviation: 0 };
    let mean = 0;
    let secondMoment = 0;
    let at = 0;
    for (let row = 0; row < this.dimensions; row++) {
      const q = query[row] ?? 0;
      mean += q * (this.#sum[row] ?? 0);
      let across = 0.5 * q * (this.#outer[at++] ?? 0);
      for (let column = row + 1; column < this.dimensions; column++) {
        across += (query[column] ?? 0) * (this.#outer[at++] ?? 0);
      }
      secondMoment += 2 * q * across;
    }
    mean /= this.#count;
    const variance = secondMoment / this.#count - mean * mean;
    return { mean, deviation: Math.sqrt(Math.max(0, variance)) };
  }

  /** The sums as bytes, for storage; read back by the constructor. */
  serialise(): Buffer {
    return Buffer.from(this.#sum.buffer, 0, this.#sum.byteLength + this.#outer.byteLength);
  }

  #accumulate(vector: Float32Array, sign: 1 | -1): void {
    this.#count += sign;
    let at = 0;
    for (let row = 0; row < this.dimensions; row++) {
      const value = sign * (vector[row] ?? 0);
      this.#sum[row] = (this.#sum[row] ?? 0) + value;
      for (let column = row; column < this.dimensions; column++, at++) {
        this.#outer[at] = (this.#outer[at] ?? 0) + value * (vector[column] ?? 0);
      }
    }
  }
}
