// Confidence intervals by resampling questions (Efron's percentile bootstrap).

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Resamples drawn; the interval's ends move by less than .005 beyond this on a hundred questions. */
const RESAMPLES = 2_000;

/**
 * The 95 % interval of `statistic` over samples of `n` questions drawn with replacement. `statistic` gets the drawn question numbers.
 * The draw is seeded: the same data gives the same interval.
 */
export function bootstrap(n: number, statistic: (sample: Uint32Array) => number, seed = 1): Interval {
  const random = seededRandom(seed);
  const sample = new Uint32Array(n);
  const values = Float64Array.from({ length: RESAMPLES }, () => {
    for (let at = 0; at < n; at++) sample[at] = Math.floor(random() * n);
    return statistic(sample);
  }).sort();
  const at = (share: number) => values[Math.round(share * (RESAMPLES - 1))] ?? 0;
  return { low: at(0.025), high: at(0.975) };
}

/** mulberry32: small, fast, and the same everywhere. Values in [0, 1). */
export function seededRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
