// Which texts run through the model together: of like length, so that little is spent on padding, and bounded.

/** Bounds the memory of one run of the model (about 150 MB for a small BERT) and how long a question waits for it. */
const MAX_BATCH_TOKENS = 4_096;

/** Texts of one run, by their place in the request; `length` is that of the longest, in tokens. */
export interface Batch {
  readonly texts: readonly number[];
  readonly length: number;
}

/** Every text once, shortest first; a batch holds at most `maxTokens` tokens with padding, and at least one text. */
export function planBatches(lengths: readonly number[], maxTokens = MAX_BATCH_TOKENS): Batch[] {
  const order = lengths.map((_, at) => at).sort((a, b) => (lengths[a] ?? 0) - (lengths[b] ?? 0) || a - b);
  const batches: { texts: number[]; length: number }[] = [];
  for (const text of order) {
    const length = lengths[text] ?? 0;
    const open = batches.at(-1);
    if (open !== undefined && (open.texts.length + 1) * length <= maxTokens) {
      open.texts.push(text);
      open.length = length;
    } else batches.push({ texts: [text], length });
  }
  return batches;
}
