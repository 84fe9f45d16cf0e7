// What a BERT encoder is made of: its configuration and its weights, with Hugging Face names, in one fixed order.
import { z } from 'zod';
import { ChipwrightError } from '../../errors.js';
import type { Tensor } from './safetensors.js';

const size = z.number().int().positive().max(1_000_000);

/** `config.json` as Hugging Face writes it, as far as the forward pass depends on it. */
export const bertConfigSchema = z
  .object({
    model_type: z.literal('bert'),
    hidden_act: z.literal('gelu'),
    hidden_size: size,
    num_hidden_layers: size,
    num_attention_heads: size,
    intermediate_size: size,
    max_position_embeddings: size,
    type_vocab_size: size,
    vocab_size: size,
    layer_norm_eps: z.number().positive(),
  })
  .refine((config) => config.hidden_size % config.num_attention_heads === 0, {
    error: 'hidden_size must be a multiple of num_attention_heads',
  });

export type BertConfig = z.infer<typeof bertConfigSchema>;

/** Weights by Hugging Face name, in the order of `bertTensorShapes`. Dense weights are [out, in]. */
export type BertWeights = ReadonlyMap<string, Tensor>;

/** Name -> shape of every tensor of the encoder, without pooler, in the order in which a text passes them. */
export function bertTensorShapes(config: BertConfig): Map<string, readonly number[]> {
  const { hidden_size: hidden, intermediate_size: inner } = config;
  const shapes = new Map<string, readonly number[]>();
  const dense = (name: string, from: number, to: number) =>
    shapes.set(`${name}.weight`, [to, from]).set(`${name}.bias`, [to]);
  const norm = (name: string) => shapes.set(`${name}.weight`, [hidden]).set(`${name}.bias`, [hidden]);

  shapes.set('embeddings.word_embeddings.weight', [config.vocab_size, hidden]);
  shapes.set('embeddings.position_embeddings.weight', [config.max_position_embeddings, hidden]);
  shapes.set('embeddings.token_type_embeddings.weight', [config.type_vocab_size, hidden]);
  norm('embeddings.LayerNorm');
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `encoder.layer.${layer}`;
    dense(`${at}.attention.self.query`, hidden, hidden);
    dense(`${at}.attention.self.key`, hidden, hidden);
    dense(`${at}.attention.self.value`, hidden, hidden);
    dense(`${at}.attention.output.dense`, hidden, hidden);
    norm(`${at}.attention.output.LayerNorm`);
    dense(`${at}.intermediate.dense`, hidden, inner);
    dense(`${at}.output.dense`, inner, hidden);
    norm(`${at}.output.LayerNorm`);
  }
  return shapes;
}

/**
 * The encoder's weights out of `tensors`: each one present, of the right shape, in the fixed order; what else a file
 * holds (pooler, position ids) is dropped. Throws `model_corrupt`.
 */
export function selectBertWeights(tensors: ReadonlyMap<string, Tensor>, config: BertConfig): BertWeights {
  const weights = new Map<string, Tensor>();
  for (const [name, dims] of bertTensorShapes(config)) {
    const tensor = tensors.get(name);
    if (tensor === undefined || tensor.dims.join() !== dims.join())
      throw new ChipwrightError(
        'model_corrupt',
        `The model's weight ${name} ${tensor === undefined ? 'is missing' : `has shape ${tensor.dims.join(' x ')}, not ${dims.join(' x ')}`}.`,
        { cure: 'Fetch the model again, or check that it is a BERT encoder that fits its config.json.' },
      );
    weights.set(name, tensor);
  }
  return weights;
}

/** `values` as [rows, columns], turned to [columns, rows]. */
export function transpose<Values extends Float32Array | Int8Array>(
  values: Values,
  rows: number,
  columns: number,
): Values {
  const turned = values.slice() as Values;
  for (let row = 0; row < rows; row++)
    for (let column = 0; column < columns; column++)
      turned[column * rows + row] = values[row * columns + column] ?? 0;
  return turned;
}
