// The small files by which sentence-transformers and transformers.js load a model folder and get the vectors we get.
import { z } from 'zod';
import { ChipwrightError } from '../../errors.js';
import type { BertConfig } from './bert-weights.js';
import type { EncoderTraits } from './model-catalogue.js';

/** As far as those libraries want it said outside `tokenizer.json`; what is missing there has BERT's own default. */
const tokenizerSchema = z.object({
  normalizer: z
    .object({
      lowercase: z.boolean().catch(true),
      strip_accents: z.boolean().nullable().catch(null),
      handle_chinese_chars: z.boolean().catch(true),
    })
    .catch({ lowercase: true, strip_accents: null, handle_chinese_chars: true }),
});

const SPECIAL_TOKENS = {
  cls_token: '[CLS]',
  mask_token: '[MASK]',
  pad_token: '[PAD]',
  sep_token: '[SEP]',
  unk_token: '[UNK]',
};

/** Each step of sentence-transformers; the names of version 2, which every later one reads. */
const MODULES = ['Transformer', 'Pooling', 'Normalize'].map((name, idx) => ({
  idx,
  name: String(idx),
  path: idx === 0 ? '' : `${idx}_${name}`,
  type: `sentence_transformers.models.${name}`,
}));

function readTokenizer(bytes: Uint8Array): z.infer<typeof tokenizerSchema> {
  try {
    return tokenizerSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  } catch (cause) {
    throw new ChipwrightError('model_corrupt', 'The tokenizer of the model cannot be read.', {
      cure: 'Fetch the model again.',
      cause,
    });
  }
}

/**
 * Path -> JSON value. Throws `model_corrupt` when the tokenizer is none. Length, pooling and prefixes are said in each library's own words:
 * sentence-transformers takes the longest input from `sentence_bert_config.json` and applies the prompts in `encode_query` and
 * `encode_document`; transformers.js takes the longest input from `tokenizer_config.json` and leaves pooling and prefixes to its caller.
 */
export function interchangeFiles(
  config: BertConfig,
  traits: EncoderTraits,
  tokenizer: Uint8Array,
): ReadonlyMap<string, unknown> {
  const { normalizer } = readTokenizer(tokenizer);
  return new Map<string, unknown>([
    ['config.json', { architectures: ['BertModel'], pad_token_id: 0, ...config }],
    [
      'tokenizer_config.json',
      {
        ...SPECIAL_TOKENS,
        tokenizer_class: 'BertTokenizer',
        model_max_length: traits.maxTokens,
        do_lower_case: normalizer.lowercase,
        strip_accents: normalizer.strip_accents,
        tokenize_chinese_chars: normalizer.handle_chinese_chars,
      },
    ],
    ['special_tokens_map.json', SPECIAL_TOKENS],
    ['modules.json', MODULES],
    ['sentence_bert_config.json', { max_seq_length: traits.maxTokens, do_lower_case: false }],
    [
      '1_Pooling/config.json',
      {
        word_embedding_dimension: config.hidden_size,
        pooling_mode_cls_token: traits.pooling === 'cls',
        pooling_mode_mean_tokens: traits.pooling === 'mean',
      },
    ],
    ['2_Normalize/config.json', {}],
    [
      'config_sentence_transformers.json',
      {
        prompts: { query: traits.queryPrefix, document: traits.passagePrefix },
        default_prompt_name: null,
        similarity_fn_name: 'cosine',
      },
    ],
  ]);
}
