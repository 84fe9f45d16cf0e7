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
