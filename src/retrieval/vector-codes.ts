// The vectors of an index in memory, a byte a dimension: which ones are near a question is found by comparing with all of them.
import { type DotProducts, dotProductsIn, MOST_QUERIES, STEP } from './dot-product-module.js';
import { TopK } from './top-k.js';

/** Codes compared before their scores are looked at: these are then still in the processor's cache. */
const BLOCK = 512;

const PAGE_BYTES = 65_536;

/** The largest value of a code, and of a question's, which has two bytes a dimension. */
const LARGEST_CODE = 127;
const LARGEST_QUERY = 32_767;

/**
 * Unit vectors, each rounded to whole steps of a 127th of its largest component. The rounding moves a cosine by some 0.0005, so the
 * true nearest are found by asking for a few more and comparing those exactly.
 */
export class VectorCodes {
  readonly #dimensions: number;
  /** Bytes of a code. */
  readonly #width: number;
  /** Room for the scores of a block, then the queries, then the codes. */
  readonly #memory: WebAssembly.Memory;
  readonly #dotProducts: readonly DotProducts[];
  readonly #queriesAt = 4 * BLOCK * MOST_QUERIES;
  readonly #codesAt: number;
  #count = 0;
  #rows = new Uint32Array(1024);
  /** Step of each code. */
  #steps = new Float32Array(1024);

  constructor(dimensions: number) {
    this.#dimensions = dimensions;
    this.#width = Math.ceil(dimensions / STEP) * STEP;
    this.#codesAt = this.#queriesAt + 2 * this.#width * MOST_QUERIES;
    this.#memory = new WebAssembly.Memory({ initial: Math.ceil(this.#codesAt / PAGE_BYTES) });
    this.#dotProducts = dotProductsIn(this.#memory);
  }

  /** Codes held, also of rows that are gone since. */
  get count(): number {
    return this.#count;
  }

  add(row: number, vector: Float32Array): void {
    this.#makeRoom();
    let largest = 0;
    for (let at = 0; at < vector.length; at++) {
      const size = Math.abs(vector[at] as number);
      if (size > largest) largest = size;
    }
    const step = largest / LARGEST_CODE || 1;
    const inverse = 1 / step;
    const code = new Int8Array(this.#memory.buffer, this.#addressOf(this.#count), this.#dimensions);
    for (let at = 0; at < code.length; at++) {
      const steps = (vector[at] as number) * inverse;
      // The array drops what is behind the point: with a half added, that rounds.
      code[at] = steps < 0 ? steps - 0.5 : steps + 0.5;
    }
    this.#rows[this.#count] = row;
    this.#steps[this.#count] = step;
    this.#count++;
  }

  /** Forgets the codes of rows that are gone. */
  keep(isAlive: (row: number) => boolean): void {
    const bytes = new Uint8Array(this.#memory.buffer);
    let kept = 0;
    for (let slot = 0; slot < this.#count; slot++) {
      const row = this.#rows[slot] ?? 0;
      if (!isAlive(row)) continue;
      bytes.copyWithin(this.#addressOf(kept), this.#addressOf(slot), this.#addressOf(slot + 1));
      this.#rows[kept] = row;
      this.#steps[kept] = this.#steps[slot] ?? 0;
      kept++;
    }
    this.#count = kept;
  }

  /** For each query the `k` rows that seem nearest, among those that are wanted. */
  nearest(queries: readonly Float32Array[], k: number, isWanted: (row: number) => boolean): number[][] {
    const groups = Array.from({ length: Math.ceil(queries.length / MOST_QUERIES) }, (_, group) =>
      queries.slice(group * MOST_QUERIES, (group + 1) * MOST_QUERIES),
    );
    return groups.flatMap((group) => this.#nearestOf(group, k, isWanted));
  }

  /** `nearest` for as many queries as are compared in one go. */
  #nearestOf(queries: readonly Float32Array[], k: number, isWanted: (row: number) => boolean): number[][] {
    const count = queries.length;
    const best = queries.map(() => new TopK(k));
    const dotProducts = this.#dotProducts[count - 1] as DotProducts;
    const queriesEnd = this.#writeQueries(queries);
    const products = new Int32Array(this.#memory.buffer, 0, BLOCK * count);
    for (let from = 0; from < this.#count; from += BLOCK) {
      const to = Math.min(this.#count, from + BLOCK);
      dotProducts(this.#addressOf(from), this.#addressOf(to), this.#queriesAt, queriesEnd, 0);
      best.forEach((top, query) => {
        let { threshold } = top;
        for (let slot = from, at = query; slot < to; slot++, at += count) {
          const score = (products[at] as number) * (this.#steps[slot] as number);
          if (score < threshold) continue;
          const row = this.#rows[slot] as number;
          if (!isWanted(row)) continue;
          top.offer(row, score);
          threshold = top.threshold;
        }
      });
    }
    return best.map((top) => top.sorted().map(({ key }) => key));
  }

  /** Interleaved, as the dot products want them; returns where they end. */
  #writeQueries(queries: readonly Float32Array[]): number {
    const written = new Int16Array(this.#memory.buffer, this.#queriesAt, queries.length * this.#width);
    queries.forEach((query, number) => {
      const code = this.#queryCode(query);
      for (let at = 0; at < this.#width; at += STEP)
        written.set(code.subarray(at, at + STEP), at * queries.length + number * STEP);
    });
    return this.#queriesAt + written.byteLength;
  }

  /** Two bytes a dimension, but never so large that a sum could leave 32 bits. */
  #queryCode(query: Float32Array): Int16Array {
    const limit = Math.min(LARGEST_QUERY, Math.floor((2 ** 31 - 1) / (LARGEST_CODE * this.#width)));
    const largest = query.reduce((most, value) => Math.max(most, Math.abs(value)), 0) || 1;
    const code = new Int16Array(this.#width);
    query.forEach((value, at) => {
      code[at] = Math.round((value / largest) * limit);
    });
    return code;
  }

  #addressOf(slot: number): number {
    return this.#codesAt + slot * this.#width;
  }

  #makeRoom(): void {
    const missing = this.#addressOf(this.#count + 1) - this.#memory.buffer.byteLength;
    if (missing > 0) this.#memory.grow(Math.ceil(missing / PAGE_BYTES));
    if (this.#count < this.#rows.length) return;
    const rows = new Uint32Array(2 * this.#count);
    rows.set(this.#rows);
    this.#rows = rows;
    const steps = new Float32Array(2 * this.#count);
    steps.set(this.#steps);
    this.#steps = steps;
  }
}
