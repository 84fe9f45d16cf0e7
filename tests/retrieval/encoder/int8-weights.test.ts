// A weight in a byte is as near to what it was as a byte allows, whatever the other rows hold.
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { toInt8 } from '../../../src/retrieval/encoder/int8-weights.js';

/** Neither a weight nor its step is so small that 32 bits hold it only roughly. */
const normal = (value: number) => value === 0 || Math.abs(value) > 1e-30;

const matrix = fc
  .tuple(fc.integer({ min: 1, max: 6 }), fc.integer({ min: 1, max: 9 }))
  .chain(([rows, columns]) =>
    fc
      .array(fc.float({ min: -1000, max: 1000, noNaN: true }).filter(normal), {
        minLength: rows * columns,
        maxLength: rows * columns,
      })
      .map((values) => ({ dims: [rows, columns], values: Float32Array.from(values) })),
  );

it('moves no value by more than half a step of its own row, and knows the sum of each row', () => {
  fc.assert(
    fc.property(matrix, (weight) => {
      const [, columns = 0] = weight.dims;
      const { codes, steps, sums } = toInt8(weight);
      const restored = Float64Array.from(codes, (code, at) => code * (steps[Math.floor(at / columns)] ?? 0));
      steps.forEach((step, row) => {
        const span = [row * columns, (row + 1) * columns] as const;
        const values = weight.values.slice(...span);
        const largest = values.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
        // A 128th of the largest is half a step; beyond it lies the rounding of the step itself to 32 bits.
        restored.slice(...span).forEach((value, at) => {
          expect(Math.abs(value - (values[at] ?? 0))).toBeLessThanOrEqual(largest / 128 + largest * 1e-5);
        });
        const sum = restored.slice(...span).reduce((total, value) => total + value, 0);
        expect(Math.abs((sums[row] ?? 0) - sum)).toBeLessThanOrEqual(columns * largest * 1e-5 + step * 1e-6);
        expect(Math.max(...codes.slice(...span).map(Math.abs))).toBeLessThanOrEqual(64);
      });
    }),
  );
});

it('keeps a row of zeros', () => {
  const { codes, sums } = toInt8({ dims: [2, 2], values: Float32Array.of(0, 0, -3, 1.5) });
  expect([...codes]).toEqual([0, 0, -64, 32]);
  expect([...sums]).toEqual([0, -1.5]);
});
