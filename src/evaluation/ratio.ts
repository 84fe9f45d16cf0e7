// A measure over questions: summed parts whose ratio is the value, so that micro and macro averages are both of this form.
import { bootstrap, type Interval } from './bootstrap.js';

export interface Measure extends Interval {
  readonly value: number;
}

/** What one question adds to both sides of the ratio. */
export interface Parts {
  readonly over: number;
  readonly under: number;
}

/** The ratio over all questions with its 95 % interval. */
export function measureOf(parts: readonly Parts[]): Measure {
  return bootstrapped(parts.length, (sample) => ratioOver(parts, sample));
}

/** How much `ours` is above `theirs`, with a 95 % interval over the same questions. */
export function differenceOf(ours: readonly Parts[], theirs: readonly Parts[]): Measure {
  return bootstrapped(ours.length, (sample) => ratioOver(ours, sample) - ratioOver(theirs, sample));
}

function bootstrapped(n: number, statistic: (sample: Uint32Array) => number): Measure {
  const everyQuestion = Uint32Array.from({ length: n }, (_, at) => at);
  return { value: statistic(everyQuestion), ...bootstrap(n, statistic) };
}

function ratioOver(parts: readonly Parts[], sample: Uint32Array): number {
  let over = 0;
  let under = 0;
  for (const at of sample) {
    over += parts[at]?.over ?? 0;
    under += parts[at]?.under ?? 0;
  }
  return under === 0 ? 0 : over / under;
}
