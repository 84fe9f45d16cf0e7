// A tiny BERT and texts for it, all from seeds: tests/fixtures/training/reference.py makes the same and trains it with PyTorch.
import {
  type BertConfig,
  type BertWeights,
  bertTensorShapes,
} from '../../src/retrieval/encoder/bert-weights.js';
import type { Tensor } from '../../src/retrieval/encoder/safetensors.js';
import { seeded } from '../retrieval/encoder/tiny-model.js';

export const tinyBertConfig: BertConfig = {
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 64,
  max_position_embeddings: 24,
  type_vocab_size: 2,
  vocab_size: 60,
  layer_norm_eps: 1e-12,
};

/** Weights between -.25 and .25, those of LayerNorm around 1, drawn one tensor after the other. */
export function tinyBertWeights(seed: number): BertWeights {
  const random = seeded(seed);
  const weights = new Map<string, Tensor>();
  for (const [name, dims] of bertTensorShapes(tinyBertConfig)) {
    const size = dims.reduce((a, b) => a * b, 1);
    const centre = name.endsWith('LayerNorm.weight') ? 1 : 0;
    weights.set(name, { dims, values: Float32Array.from({ length: size }, () => centre + random() / 4) });
  }
  return weights;
}

/** Question i is answered by passage i. Token ids with [CLS] (2) first and [SEP] (3) last; 0 is padding. */
export interface TinyPairs {
  readonly questions: readonly (readonly number[])[];
  readonly passages: readonly (readonly number[])[];
}

/** Passages of 4 to 18 random tokens, and questions of 2 to 5 tokens out of their passage, in random order. */
export function tokenBatches(seed: number, batches = 20, pairs = 8): TinyPairs[] {
  const random = seeded(seed);
  const below = (count: number) => Math.floor(((random() + 1) / 2) * count);
  const list = (length: number, token: () => number) => [2, ...Array.from({ length }, token), 3];
  return Array.from({ length: batches }, () => {
    const passages = Array.from({ length: pairs }, () => list(4 + below(15), () => 5 + below(55)));
    const questions = passages.map((passage) =>
      list(2 + below(4), () => passage[1 + below(passage.length - 2)] ?? 0),
    );
    return { questions, passages };
  });
}

/** What a loss could say of unit vectors: a gradient of `texts` x hidden numbers between -1 and 1. */
export function vectorGradient(seed: number, texts: number): Float32Array {
  const random = seeded(seed);
  return Float32Array.from({ length: texts * tinyBertConfig.hidden_size }, () => random());
}
