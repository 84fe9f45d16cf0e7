// Which texts run through the model together: of like length, so that little is spent on padding, and bounded.

/** Bounds the memory of one run of the model (about 75 MB for a small BERT) and how long a question waits for it: half a second. */
const MAX_BATCH_TOKENS = 2_048;

/** What a run costs whatever its texts, in tokens: all weights pass the processor once. Measured on a small BERT. */
const RUN_COST_TOKENS = 20;

/** Texts of one run, by their place in the request; `length` is that of the longest, in tokens. */
export interface Batch {
  readonly texts: readonly number[];
  readonly length: number;
}

/**
 * Every text once, shortest first, in the batches that cost least: a question of 90 tokens and its four clauses of 20 are two runs, not
 * one with three quarters of padding. A batch holds at most `maxTokens` tokens with padding, and at least one text; beginning one costs as
 * much as `runCost` tokens.
 */
export function planBatches(
  lengths: readonly number[],
  maxTokens = MAX_BATCH_TOKENS,
  runCost = RUN_COST_TOKENS,
): Batch[] {
  const order = lengths.map((_, at) => at).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
  const lengthAt = (place: number) => lengths[order[place] ?? 0] ?? 0;
  // For each number of shortest texts: the least they can cost, and where the last batch then begins.
  const plans = [{ cost: 0, from: 0 }];
  for (let to = 1; to <= order.length; to++) {
    let best = { cost: Number.POSITIVE_INFINITY, from: to - 1 };
    for (let from = to - 1; from >= 0; from--) {
      const tokens = (to - from) * lengthAt(to - 1);
      if (tokens > maxTokens && from < to - 1) break;
      const cost = (plans[from]?.cost ?? 0) + runCost + tokens;
      if (cost < best.cost) best = { cost, from };
    }
    plans.push(best);
  }
  const batches: Batch[] = [];
  for (let to = order.length; to > 0; to = plans[to]?.from ?? 0) {
    batches.unshift({ texts: order.slice(plans[to]?.from, to), length: lengthAt(to - 1) });
  }
  return batches;
}
