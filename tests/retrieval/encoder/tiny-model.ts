// A random BERT of two layers, small enough for tests, and the same forward pass in plain loops to check it against.
import { createHash } from 'node:crypto';
import type { Pooling } from '../../../src/retrieval/encoder/bert-graph.js';
import {
  type BertConfig,
  type BertWeights,
  bertTensorShapes,
} from '../../../src/retrieval/encoder/bert-weights.js';
import type { KnownModel } from '../../../src/retrieval/encoder/model-catalogue.js';
import type { ModelContent } from '../../../src/retrieval/encoder/model-folder.js';
import type { Tensor } from '../../../src/retrieval/encoder/safetensors.js';

const words = ['clock', 'tree', 'route', 'pin', 'place', 'the', 'a', '##s', '##r', '.', '_', '-'];
const vocabulary = ['[PAD]', '[UNK]', '[CLS]', '[SEP]', '[MASK]', ...words];

export const tinyConfig: BertConfig = {
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 32,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  intermediate_size: 48,
  max_position_embeddings: 64,
  type_vocab_size: 2,
  vocab_size: vocabulary.length,
  layer_norm_eps: 1e-12,
};

/** Numbers between -1 and 1, the same for the same seed (mulberry32). */
export function seeded(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 31 - 1;
  };
}

export function tinyWeights(seed: number, config: BertConfig = tinyConfig): BertWeights {
  const random = seeded(seed);
  const weights = new Map<string, Tensor>();
  for (const [name, dims] of bertTensorShapes(config)) {
    const size = dims.reduce((a, b) => a * b, 1);
    const centre = name.endsWith('LayerNorm.weight') ? 1 : 0;
    weights.set(name, { dims, values: Float32Array.from({ length: size }, () => centre + random() / 2) });
  }
  return weights;
}

export const tinyTokenizer = new TextEncoder().encode(
  JSON.stringify({
    version: '1.0',
    truncation: { max_length: 4, strategy: 'LongestFirst', stride: 0 },
    padding: null,
    added_tokens: vocabulary.slice(0, 5).map((content, id) => ({
      id,
      content,
      special: true,
      single_word: false,
      lstrip: false,
      rstrip: false,
      normalized: false,
    })),
    normalizer: {
      type: 'BertNormalizer',
      clean_text: true,
      handle_chinese_chars: true,
      strip_accents: null,
      lowercase: true,
    },
    pre_tokenizer: { type: 'BertPreTokenizer' },
    post_processor: {
      type: 'TemplateProcessing',
      single: ['[CLS]', null, '[SEP]'].map((id) =>
        id === null ? { Sequence: { id: 'A', type_id: 0 } } : { SpecialToken: { id, type_id: 0 } },
      ),
      pair: [],
      special_tokens: {
        '[CLS]': { id: '[CLS]', ids: [2], tokens: ['[CLS]'] },
        '[SEP]': { id: '[SEP]', ids: [3], tokens: ['[SEP]'] },
      },
    },
    decoder: { type: 'WordPiece', prefix: '##', cleanup: true },
    model: {
      type: 'WordPiece',
      unk_token: '[UNK]',
      continuing_subword_prefix: '##',
      max_input_chars_per_word: 100,
      vocab: Object.fromEntries(vocabulary.map((word, id) => [word, id])),
    },
  }),
);

export function tinyContent(seed = 1, pooling: Pooling = 'cls'): ModelContent {
  return {
    name: 'tiny',
    base: null,
    licence: 'MIT',
    source: 'a test',
    config: tinyConfig,
    traits: { pooling, queryPrefix: 'a ', passagePrefix: '', maxTokens: 16 },
    weights: tinyWeights(seed),
    tokenizer: tinyTokenizer,
  };
}

export const sha256 = (bytes: Uint8Array) => createHash('sha256').update(bytes).digest('hex');

/** The tiny model as something to pull, with the checksums of these files. */
export function tinyKnown(
  hubWeights: Uint8Array,
  archive: KnownModel['archive']['registry'],
  archived: { path: string; bytes: Uint8Array },
): KnownModel {
  return {
    name: 'tiny',
    licence: 'MIT',
    config: tinyConfig,
    traits: tinyContent().traits,
    hub: {
      repository: 'someone/tiny',
      revision: 'abc123',
      weights: { path: 'model.safetensors', sha256: sha256(hubWeights) },
      tokenizer: { path: 'tokenizer.json', sha256: sha256(tinyTokenizer) },
    },
    archive: {
      registry: archive,
      coordinates: 'tiny==1.0',
      weights: { path: archived.path, sha256: sha256(archived.bytes) },
      tokenizer: { path: 'tiny/tokenizer.json', sha256: sha256(tinyTokenizer) },
    },
  };
}

/** erf by its Taylor series: slow and exact enough for the small arguments here. */
function erf(x: number): number {
  let term = x;
  let sum = x;
  for (let n = 1; n < 120; n++) {
    term *= (-x * x) / n;
    sum += term / (2 * n + 1);
  }
  return (2 / Math.sqrt(Math.PI)) * sum;
}

/** BERT in plain loops, one text without padding: its token vectors. */
export function naiveBert(config: BertConfig, weights: BertWeights, ids: readonly number[]): number[][] {
  const values = (name: string) => weights.get(name)?.values ?? new Float32Array();
  const dense = (rows: number[][], name: string) => {
    const weight = values(`${name}.weight`);
    return rows.map((row) =>
      Array.from(values(`${name}.bias`), (bias, to) =>
        row.reduce((sum, x, from) => sum + x * (weight[to * row.length + from] ?? 0), bias),
      ),
    );
  };
  const norm = (rows: number[][], name: string) =>
    rows.map((row) => {
      const mean = row.reduce((a, b) => a + b, 0) / row.length;
      const variance = row.reduce((a, b) => a + (b - mean) ** 2, 0) / row.length;
      return row.map(
        (x, at) =>
          ((x - mean) / Math.sqrt(variance + config.layer_norm_eps)) * (values(`${name}.weight`)[at] ?? 0) +
          (values(`${name}.bias`)[at] ?? 0),
      );
    });
  const plus = (a: number[][], b: number[][]) => a.map((row, i) => row.map((x, j) => x + (b[i]?.[j] ?? 0)));
  const hidden = config.hidden_size;
  const perHead = hidden / config.num_attention_heads;
  const row = (name: string, at: number) =>
    Array.from(values(`embeddings.${name}.weight`).subarray(at * hidden, (at + 1) * hidden));

  let x = norm(
    plus(
      ids.map((id) => row('word_embeddings', id)),
      plus(
        ids.map((_, at) => row('position_embeddings', at)),
        ids.map(() => row('token_type_embeddings', 0)),
      ),
    ),
    'embeddings.LayerNorm',
  );
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `encoder.layer.${layer}`;
    const [q, k, v] = ['query', 'key', 'value'].map((part) => dense(x, `${at}.attention.self.${part}`));
    const context = ids.map((_, i) =>
      Array.from({ length: hidden }, (_, column) => {
        const from = Math.floor(column / perHead) * perHead;
        const scores = ids.map((_, j) => {
          let score = 0;
          for (let d = from; d < from + perHead; d++) score += (q?.[i]?.[d] ?? 0) * (k?.[j]?.[d] ?? 0);
          return Math.exp(score / Math.sqrt(perHead));
        });
        const total = scores.reduce((a, b) => a + b, 0);
        return scores.reduce((sum, score, j) => sum + (score / total) * (v?.[j]?.[column] ?? 0), 0);
      }),
    );
    x = norm(plus(dense(context, `${at}.attention.output.dense`), x), `${at}.attention.output.LayerNorm`);
    const inner = dense(x, `${at}.intermediate.dense`).map((line) =>
      line.map((value) => (value / 2) * (1 + erf(value / Math.SQRT2))),
    );
    x = norm(plus(dense(inner, `${at}.output.dense`), x), `${at}.output.LayerNorm`);
  }
  return x;
}

/** The unit vector of a text, from its token vectors. */
export function naivePool(tokens: number[][], pooling: Pooling): number[] {
  const first = tokens[0] ?? [];
  const mean = first.map((_, at) => tokens.reduce((sum, token) => sum + (token[at] ?? 0), 0) / tokens.length);
  const vector = pooling === 'cls' ? first : mean;
  const length = Math.hypot(...vector);
  return vector.map((x) => x / length);
}
