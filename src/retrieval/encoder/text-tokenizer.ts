// Text to token ids, as the model was trained: the tokenizer of tokenizer.json, bounded for any text.
import { Tokenizer } from '@huggingface/tokenizers';
import { z } from 'zod';
import { ChipwrightError } from '../../errors.js';

/**
 * WordPiece gives a word of more than 100 characters one token (`max_input_chars_per_word`), and every other token has
 * at least one character: so no token that counts lies beyond this many characters a token, blanks squeezed.
 */
const MAX_TOKEN_CHARACTERS = 101;

/** How many characters a token are tried first; English has about four. */
const FIRST_CHARACTERS = 8;

/** Bounds the work on a text that is mostly blanks. */
const MAX_CHARACTERS = 1_000_000;

/** Only what the checks below rest on; the rest is the library's business. */
const tokenizerSchema = z.looseObject({
  model: z.looseObject({ type: z.literal('WordPiece'), vocab: z.record(z.string(), z.number().int()) }),
});

export interface TextTokenizer {
  /** Ids with the special tokens around, at most `maxTokens` long. Never empty: no text is `[CLS] [SEP]`. */
  encode(text: string): number[];
}

/** Reads the text of a `tokenizer.json`. Throws `model_corrupt`. */
export function openTokenizer(json: string, maxTokens: number): TextTokenizer {
  let tokenizer: Tokenizer;
  try {
    // Truncation and padding are decided here, not by what the file was once saved with.
    tokenizer = new Tokenizer(
      { ...tokenizerSchema.parse(JSON.parse(json)), truncation: null, padding: null },
      {},
    );
  } catch (cause) {
    throw new ChipwrightError('model_corrupt', 'The tokenizer of the model cannot be read.', {
      cure: 'Run `chipwright models verify` and pull the model again.',
      cause,
    });
  }
  return {
    encode(text) {
      const squeezed = text
        .slice(0, MAX_CHARACTERS)
        .replace(/[^\S\uFEFF]+/g, ' ')
        .slice(0, maxTokens * MAX_TOKEN_CHARACTERS);
      // A start that ends at a blank has the same tokens as in the whole text. Most texts that are too long show it in
      // their first few characters a token, and long words are slow: so only as much is tokenised as is needed.
      for (let length = maxTokens * FIRST_CHARACTERS; ; length *= 4) {
        const end = length < squeezed.length ? squeezed.lastIndexOf(' ', length) : squeezed.length;
        if (end <= 0 && squeezed !== '') continue;
        const { ids } = tokenizer.encode(squeezed.slice(0, end));
        const last = ids.at(-1);
        if (ids.length > maxTokens && last !== undefined) return [...ids.slice(0, maxTokens - 1), last];
        if (end === squeezed.length) return ids;
      }
    },
  };
}
