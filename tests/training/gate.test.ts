// The gate lets through what is measurably better, and nothing that is anywhere worse.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Measure } from '../../src/evaluation/retrieval-evaluation.js';
import { judge } from '../../src/training/gate.js';

const measure = (low: number, high: number): Measure => ({ value: (low + high) / 2, low, high });
const better = measure(0.02, 0.1);
const undecided = measure(-0.03, 0.04);
const worse = measure(-0.1, -0.02);
const set = (dense: Measure, hybrid: Measure) => ({
  set: 'held-out documents',
  questions: 300,
  dense,
  hybrid,
});

describe('the gate', () => {
  it('lets a model through that is better by vectors alone and not worse in the hybrid', () => {
    const verdict = judge({ comparisons: [set(better, undecided)], general: [undecided] });
    expect(verdict.publish).toBe(true);
    expect(verdict.reasons).toEqual([
      'Better on held-out documents (300 questions), dense alone: +.060 [+.020, +.100].',
    ]);
  });

  it('keeps out a model that is better nowhere', () => {
    const verdict = judge({ comparisons: [set(undecided, undecided)], general: [] });
    expect(verdict).toEqual({ publish: false, reasons: ['It is not measurably better anywhere.'] });
  });

  it('keeps out a model that is worse on one of several sets, and says where', () => {
    const yours = { ...set(undecided, worse), set: 'your questions', questions: 60 };
    const verdict = judge({ comparisons: [set(better, better), yours], general: [] });
    expect(verdict.publish).toBe(false);
    expect(verdict.reasons.join()).toContain('It is worse on your questions (60 questions), hybrid');
  });

  it('keeps out a model that forgot more than a hundredth of what is general', () => {
    const forgot = measure(-0.03, 0.005);
    const verdict = judge({ comparisons: [set(better, better)], general: [forgot] });
    expect(verdict.publish).toBe(false);
    expect(verdict.reasons.join()).toContain('General retrieval has fallen by more than 0.01');
    expect(judge({ comparisons: [set(better, better)], general: [measure(-0.015, 0.005)] }).publish).toBe(
      true,
    );
  });

  it('never publishes where an interval lies below zero or none lies above, and always says why', () => {
    const anyMeasure = fc
      .tuple(fc.double({ min: -1, max: 1, noNaN: true }), fc.double({ min: -1, max: 1, noNaN: true }))
      .map(([a, b]) => measure(Math.min(a, b), Math.max(a, b)));
    fc.assert(
      fc.property(fc.array(fc.tuple(anyMeasure, anyMeasure), { maxLength: 3 }), (pairs) => {
        const verdict = judge({
          comparisons: pairs.map(([dense, hybrid]) => set(dense, hybrid)),
          general: [],
        });
        const all = pairs.flat();
        expect(verdict.publish).toBe(all.some(({ low }) => low > 0) && !all.some(({ high }) => high < 0));
        expect(verdict.reasons.length).toBeGreaterThan(0);
      }),
    );
  });
});
