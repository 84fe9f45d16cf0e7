import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { type Contest, contrastiveLoss } from '../../src/training/loss.js';

const DIMENSIONS = 6;

/** Random unit vectors. */
function units(count: number, seed: number): Float32Array {
  const random = seededRandom(seed);
  const vectors = Float32Array.from({ length: count * DIMENSIONS }, () => random() - 0.5);
  for (let at = 0; at < vectors.length; at += DIMENSIONS) {
    const vector = vectors.subarray(at, at + DIMENSIONS);
    const norm = Math.hypot(...vector);
    vector.forEach((value, d) => {
      vector[d] = value / norm;
    });
  }
  return vectors;
}

function contest(
  questions: number,
  others: number,
  seed: number,
  notWrong: [number, number][] = [],
): Contest {
  const width = questions + others;
  const pairs = new Uint8Array(questions * width);
  for (const [question, candidate] of notWrong) pairs[question * width + candidate] = 1;
  return {
    dimensions: DIMENSIONS,
    questions: units(questions, seed),
    candidates: units(width, seed + 1),
    notWrong: pairs,
  };
}

/** The slope of the loss along one number of a vector, by trying. */
function slope(loss: () => number, values: Float32Array, at: number): number {
  const centre = values[at] ?? 0;
  values[at] = centre + 1e-4;
  const [high, above] = [values[at] ?? 0, loss()];
  values[at] = centre - 1e-4;
  const [low, below] = [values[at] ?? 0, loss()];
  values[at] = centre;
  return (above - below) / (high - low);
}

describe('the loss', () => {
  it('is the mean surprise at the right passages', () => {
    const { loss, accuracy } = contrastiveLoss(
      {
        dimensions: 2,
        questions: new Float32Array([1, 0, 0, 1]),
        candidates: new Float32Array([1, 0, 1, 0, 0, 1]),
        notWrong: new Uint8Array(6),
      },
      0.5,
    );
    const first = -Math.log(Math.exp(2) / (2 * Math.exp(2) + 1));
    const second = -Math.log(1 / (2 + Math.exp(2)));
    expect(loss).toBeCloseTo((first + second) / 2, 12);
    // The first question's passage is level with another one, and the second's is beaten: neither is found.
    expect(accuracy).toBe(0);
  });

  it('has the gradient that finite differences find, for any batch, mask, temperature and prefixes', () => {
    const shapes = fc.record({
      questions: fc.integer({ min: 1, max: 5 }),
      others: fc.integer({ min: 0, max: 4 }),
      seed: fc.nat(),
      temperature: fc.constantFrom(0.03, 0.05, 0.3, 1),
      prefixes: fc.constantFrom(undefined, [6], [6, 3], [6, 4, 2, 1]),
      mask: fc.array(fc.tuple(fc.nat(4), fc.nat(8)), { maxLength: 6 }),
    });
    fc.assert(
      fc.property(shapes, ({ questions, others, seed, temperature, prefixes, mask }) => {
        const fitting = mask.filter(([q, c]) => q < questions && c < questions + others);
        const given = contest(questions, others, seed, fitting);
        const result = contrastiveLoss(given, temperature, prefixes);
        const loss = () => contrastiveLoss(given, temperature, prefixes).loss;
        for (const [vectors, gradient] of [
          [given.questions, result.questionGradient],
          [given.candidates, result.candidateGradient],
        ] as const)
          gradient.forEach((found, at) => {
            expect(Math.abs(found - slope(loss, vectors, at))).toBeLessThan(
              2e-3 * Math.max(1, Math.abs(found)),
            );
          });
      }),
      { numRuns: 60 },
    );
  });

  it('neither counts nor moves a candidate that is not wrong', () => {
    const all: [number, number][] = [0, 1, 2].map((question) => [question, 3]);
    const masked = contest(3, 2, 7, all);
    const result = contrastiveLoss(masked, 0.05);
    expect(result.candidateGradient.subarray(3 * DIMENSIONS, 4 * DIMENSIONS).every((g) => g === 0)).toBe(
      true,
    );
    expect(result.candidateGradient.subarray(4 * DIMENSIONS).some((g) => g !== 0)).toBe(true);
    masked.candidates.fill(0.4, 3 * DIMENSIONS, 4 * DIMENSIONS);
    expect(contrastiveLoss(masked, 0.05)).toEqual(result);
  });

  it("never masks a question's own passage", () => {
    const plain = contrastiveLoss(contest(3, 1, 5), 0.05);
    const masked = contrastiveLoss(
      contest(3, 1, 5, [
        [0, 0],
        [2, 2],
      ]),
      0.05,
    );
    expect(masked).toEqual(plain);
  });

  it('stays a number at temperatures close to zero, whichever passage wins', () => {
    for (const seed of [1, 2, 3]) {
      const { loss, questionGradient, candidateGradient } = contrastiveLoss(contest(4, 4, seed), 1e-8);
      expect(loss).toBeGreaterThan(1e4);
      expect([...questionGradient, ...candidateGradient].every(Number.isFinite)).toBe(true);
    }
    const sure = contest(3, 0, 4);
    sure.candidates.set(sure.questions);
    expect(contrastiveLoss(sure, 1e-8)).toMatchObject({ loss: 0, accuracy: 1 });
  });

  it('teaches nothing when a question has no rival, and survives a vector of zeros', () => {
    const alone = contrastiveLoss(contest(1, 0, 3), 0.03);
    expect(alone).toMatchObject({ loss: 0, accuracy: 1 });
    expect(alone.questionGradient.every((g) => g === 0)).toBe(true);
    const empty = contest(2, 1, 3);
    empty.questions.fill(0, 0, DIMENSIONS);
    const { loss, questionGradient } = contrastiveLoss(empty, 0.03, [6, 2]);
    expect(Number.isFinite(loss) && questionGradient.every(Number.isFinite)).toBe(true);
  });

  it('only moves a vector across itself, for its length means nothing', () => {
    const given = contest(4, 4, 11);
    const { questionGradient } = contrastiveLoss(given, 0.05, [6, 3]);
    for (let question = 0; question < 4; question++) {
      let along = 0;
      for (let d = 0; d < DIMENSIONS; d++) {
        const at = question * DIMENSIONS + d;
        along += (questionGradient[at] ?? 0) * (given.questions[at] ?? 0);
      }
      expect(Math.abs(along)).toBeLessThan(1e-5);
    }
  });
});
