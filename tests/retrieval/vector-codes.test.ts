// Rounded vectors find what exact ones would, in any number of dimensions, while vectors come and go.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { VectorCodes } from '../../src/retrieval/vector-codes.js';

const always = () => true;

function unitVector(dimensions: number, random: () => number): Float32Array {
  const values = Array.from({ length: dimensions }, () => random() + random() + random() - 1.5);
  const length = Math.hypot(...values);
  return Float32Array.from(values, (value) => value / length);
}

function cosine(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}

/** What a comparison with every vector finds. */
function exact(vectors: ReadonlyMap<number, Float32Array>, query: Float32Array, k: number): number[] {
  return [...vectors]
    .map(([row, vector]) => ({ row, score: cosine(vector, query) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, k)
    .map(({ row }) => row);
}

describe('vector codes', () => {
  it('find the nearest of any collection, with a few to spare', () => {
    const random = seededRandom(3);
    for (const dimensions of [1, 8, 15, 16, 17, 384, 1024]) {
      const codes = new VectorCodes(dimensions);
      const vectors = new Map<number, Float32Array>();
      for (let row = 1; row <= 1_500; row++) {
        vectors.set(row, unitVector(dimensions, random));
        codes.add(row, vectors.get(row) as Float32Array);
      }
      const queries = Array.from({ length: 9 }, () => unitVector(dimensions, random));
      const found = codes.nearest(queries, 60, always);
      // In one dimension all are equally near.
      if (dimensions > 1)
        queries.forEach((query, at) => {
          expect(found[at]).toEqual(expect.arrayContaining(exact(vectors, query, 20)));
        });
      expect(found.map((rows) => new Set(rows).size)).toEqual(new Array(9).fill(60));
    }
  });

  it('never let a sum leave 32 bits', () => {
    for (const dimensions of [384, 1024, 4096]) {
      const codes = new VectorCodes(dimensions);
      const flat = new Float32Array(dimensions).fill(1 / Math.sqrt(dimensions));
      codes.add(
        1,
        flat.map((value) => -value),
      );
      codes.add(2, flat);
      expect(codes.nearest([flat], 2, always)).toEqual([[2, 1]]);
    }
  });

  it('take vectors without direction as they are', () => {
    const codes = new VectorCodes(8);
    codes.add(1, new Float32Array(8));
    codes.add(2, unitVector(8, seededRandom(1)));
    expect(codes.nearest([new Float32Array(8)], 5, always)[0]?.sort()).toEqual([1, 2]);
    expect(codes.nearest([], 5, always)).toEqual([]);
  });

  it('stay right while vectors come, go, and are not wanted', () => {
    const step = fc.record({ add: fc.integer({ min: 0, max: 700 }), drop: fc.integer({ min: 0, max: 9 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 6 }), fc.integer(), (steps, seed) => {
        const random = seededRandom(seed);
        const codes = new VectorCodes(8);
        const vectors = new Map<number, Float32Array>();
        let row = 0;
        for (const { add, drop } of steps) {
          for (let count = 0; count < add; count++) {
            vectors.set(++row, unitVector(8, random));
            codes.add(row, vectors.get(row) as Float32Array);
          }
          for (const old of [...vectors.keys()]) if (old % 10 < drop) vectors.delete(old);
          if (drop > 4) codes.keep((known) => vectors.has(known));
          const query = unitVector(8, random);
          const wanted = new Map([...vectors].filter(([known]) => known % 3 !== 0));
          const [found] = codes.nearest([query], 60, (known) => wanted.has(known));
          expect(found).toEqual(expect.arrayContaining(exact(wanted, query, 20)));
          expect(found).toHaveLength(Math.min(60, wanted.size));
        }
        codes.keep((known) => vectors.has(known));
        expect(codes.count).toBe(vectors.size);
      }),
      { numRuns: 15 },
    );
  });
});
