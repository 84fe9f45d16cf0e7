// How far each step may go: a short warm-up, then ever less.

/** The first steps' gradients are large and their averages not yet settled: this share of the steps goes gently. */
const WARM_UP = 0.1;

/**
 * The learning rate of `step` (from 1) of `steps`: up in a line to `peak` over the warm-up, then down in a line that would reach zero one
 * step after the last.
 */
export function learningRate(step: number, steps: number, peak: number): number {
  const warmUp = Math.ceil(steps * WARM_UP);
  return step <= warmUp ? (peak * step) / warmUp : (peak * (steps - step + 1)) / (steps - warmUp);
}
