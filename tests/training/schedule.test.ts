import { describe, expect, it } from 'vitest';
import { learningRate } from '../../src/training/schedule.js';

const rates = (steps: number) => Array.from({ length: steps }, (_, at) => learningRate(at + 1, steps, 1));

describe('the learning rate', () => {
  it('rises over a tenth of the steps and falls to nearly nothing', () => {
    const all = rates(40);
    expect(all.slice(0, 5)).toEqual([0.25, 0.5, 0.75, 1, 1]);
    expect(all.at(-1)).toBeCloseTo(1 / 36);
    expect(all.slice(4)).toEqual([...all.slice(4)].sort((a, b) => b - a));
  });

  it('is never zero, too large or not a number, however few steps there are', () => {
    for (let steps = 1; steps <= 30; steps++)
      for (const rate of rates(steps)) {
        expect(rate).toBeGreaterThan(0);
        expect(rate).toBeLessThanOrEqual(1);
      }
  });
});
