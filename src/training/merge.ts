// Between the base model and the tuned one: the weighted mean of their weights.
import { ChipwrightError } from '../errors.js';
import type { BertWeights } from '../retrieval/encoder/bert-weights.js';

/**
 * `share` of the tuned weights and the rest of the base's, 0 to 1 (Wortsman et al. 2022, arXiv 2109.01903: a fine-tuned model averaged
 * with its base keeps more of what the base knew). Throws `model_corrupt` when the two are not of one architecture.
 */
export function mergeWeights(base: BertWeights, tuned: BertWeights, share: number): BertWeights {
  const merged = new Map<string, { dims: readonly number[]; values: Float32Array }>();
  for (const [name, { dims, values }] of base) {
    const other = tuned.get(name)?.values;
    if (other === undefined || other.length !== values.length) {
      throw new ChipwrightError('model_corrupt', `The tuned model does not fit its base: ${name} differs.`, {
        cure: 'Delete the folder of the run and tune again.',
      });
    }
    merged.set(name, {
      dims,
      values: values.map((value, at) => (1 - share) * value + share * (other[at] ?? 0)),
    });
  }
  return merged as BertWeights;
}
