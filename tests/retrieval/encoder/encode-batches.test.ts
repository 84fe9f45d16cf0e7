// Batches hold every text once and stay within their bound.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { planBatches } from '../../../src/retrieval/encoder/encode-batches.js';

it('holds every text once, padded as little and bounded as promised', () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 2, max: 512 }), { maxLength: 300 }), (lengths) => {
      const batches = planBatches(lengths, 1_024);
      expect(batches.flatMap((batch) => batch.texts).sort((a, b) => a - b)).toEqual(
        lengths.map((_, at) => at),
      );
      for (const { texts, length } of batches) {
        expect(length).toBe(Math.max(...texts.map((text) => lengths[text] ?? 0)));
        expect(texts.length * length <= 1_024 || texts.length === 1).toBe(true);
      }
    }),
  );
});

it('runs a long question apart from its short clauses, and texts of like length together', () => {
  const shape = (lengths: number[]) =>
    planBatches(lengths).map(({ texts, length }) => `${texts.length} of ${length}`);
  expect(shape([90, 18, 20, 17, 19])).toEqual(['4 of 20', '1 of 90']);
  expect(shape([30, 28, 29])).toEqual(['3 of 30']);
  expect(shape([])).toEqual([]);
});

it('never costs more than all texts in one run, or each in its own', () => {
  const cost = (batches: readonly { texts: readonly number[]; length: number }[]) =>
    batches.reduce((sum, { texts, length }) => sum + 20 + texts.length * length, 0);
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 2, max: 99 }), { minLength: 1, maxLength: 40 }), (lengths) => {
      const planned = cost(planBatches(lengths));
      expect(planned).toBeLessThanOrEqual(20 + lengths.length * Math.max(...lengths));
      expect(planned).toBeLessThanOrEqual(lengths.reduce((sum, length) => sum + 20 + length, 0));
    }),
  );
});
