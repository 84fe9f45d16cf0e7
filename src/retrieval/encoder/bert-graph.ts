// The forward pass of a BERT encoder as an ONNX graph: token ids in, token vectors and one unit vector per text out.
import { type BertConfig, type BertWeights, selectBertWeights, transpose } from './bert-weights.js';
import { Int8Products } from './int8-weights.js';
import type { OnnxModel } from './onnx-file.js';
import { OnnxGraph } from './onnx-graph.js';
import type { Tensor } from './safetensors.js';

/** How token vectors become one vector: the first token's, or the mean over the tokens that are not padding. */
export type Pooling = 'cls' | 'mean';

/** Numbers of four bytes throughout, or weights of one byte each where a matrix is multiplied or looked up. */
export type Precision = 'fp32' | 'int8';

/** The first version with both Gelu and LayerNormalization as operators of their own. */
const OPSET = 20;

/** Added to the score of a padded position before softmax; far below any real score, and finite. */
const PADDED = -10_000;

/** The constants of the weights: as they are, or turned for `x * W`, as MatMul wants dense weights. */
class BertConstants {
  readonly #graph: OnnxGraph;
  readonly #weights: BertWeights;

  constructor(graph: OnnxGraph, weights: BertWeights) {
    this.#graph = graph;
    this.#weights = weights;
  }

  plain(name: string): string {
    const { dims, values } = this.tensor(name);
    return this.#graph.floats(name, dims, values);
  }

  turned(name: string): string {
    const { dims, values } = this.tensor(name);
    const [rows = 0, columns = 0] = dims;
    return this.#graph.floats(name, [columns, rows], transpose(values, rows, columns));
  }

  tensor(name: string): Tensor {
    return this.#weights.get(name) ?? { dims: [0], values: new Float32Array(0) };
  }
}

/**
 * Builds the model: inputs `input_ids` and `attention_mask` (int64 [batch, sequence]), outputs `last_hidden_state`
 * [batch, sequence, hidden] and `sentence_embedding` [batch, hidden], pooled and of unit length. Only standard
 * operators, so that any ONNX runtime can run it; ONNX Runtime fuses the rest (bias and Gelu) as it loads.
 * BERT: arXiv 1810.04805; Gelu is the exact one, with erf. Throws `model_corrupt` when weights do not fit `config`.
 */
export function buildBertGraph(
  config: BertConfig,
  weights: BertWeights,
  pooling: Pooling,
  precision: Precision = 'fp32',
): OnnxModel {
  const graph = new OnnxGraph();
  const constants = new BertConstants(graph, selectBertWeights(weights, config));
  const { hidden_size: hidden, num_attention_heads: heads } = config;

  const int8 = precision === 'int8' ? new Int8Products(graph) : null;

  const product = (input: string, name: string): string =>
    int8?.product(input, name, constants.tensor(name)) ??
    graph.add('MatMul', [input, constants.turned(name)]);
  const dense = (input: string, name: string): string =>
    graph.add('Add', [product(input, `${name}.weight`), constants.plain(`${name}.bias`)]);
  const norm = (input: string, name: string): string =>
    graph.add(
      'LayerNormalization',
      [input, constants.plain(`${name}.weight`), constants.plain(`${name}.bias`)],
      {
        axis: { int: -1 },
        epsilon: config.layer_norm_eps,
      },
    );

  const mask = graph.toFloat('attention_mask');
  const padding = graph.add('Unsqueeze', [
    graph.add('Mul', [graph.add('Sub', [graph.number(1), mask]), graph.number(PADDED)]),
    graph.integers(1, 2),
  ]);

  const words = (): string => {
    const name = 'embeddings.word_embeddings.weight';
    return (
      int8?.rows('input_ids', name, constants.tensor(name)) ??
      graph.add('Gather', [constants.plain(name), 'input_ids'])
    );
  };

  const embeddings = (): string => {
    const length = graph.add('Slice', [
      graph.add('Shape', ['input_ids']),
      graph.integers(1),
      graph.integers(2),
    ]);
    const first = (name: string, count: string) =>
      graph.add('Slice', [
        constants.plain(`embeddings.${name}.weight`),
        graph.integers(0),
        count,
        graph.integers(0),
      ]);
    const places = graph.add('Add', [
      first('position_embeddings', length),
      first('token_type_embeddings', graph.integers(1)),
    ]);
    return norm(graph.add('Add', [words(), places]), 'embeddings.LayerNorm');
  };

  const attention = (input: string, at: string): string => {
    const perHead = (part: string, perm: number[]) => {
      const split = graph.add('Reshape', [
        dense(input, `${at}.self.${part}`),
        graph.integers(0, 0, heads, hidden / heads),
      ]);
      return graph.add('Transpose', [split], { perm });
    };
    const query = perHead('query', [0, 2, 1, 3]);
    const key = perHead('key', [0, 2, 3, 1]);
    const value = perHead('value', [0, 2, 1, 3]);
    const scores = graph.add('Div', [
      graph.add('MatMul', [query, key]),
      graph.number(Math.fround(Math.sqrt(hidden / heads))),
    ]);
    const shares = graph.add('Softmax', [graph.add('Add', [scores, padding])], { axis: { int: -1 } });
    const context = graph.add('Transpose', [graph.add('MatMul', [shares, value])], { perm: [0, 2, 1, 3] });
    return dense(graph.add('Reshape', [context, graph.integers(0, 0, hidden)]), `${at}.output.dense`);
  };

  let tokens = embeddings();
  for (let layer = 0; layer < config.num_hidden_layers; layer++) {
    const at = `encoder.layer.${layer}`;
    const attended = graph.add('Add', [attention(tokens, `${at}.attention`), tokens]);
    const middle = norm(attended, `${at}.attention.output.LayerNorm`);
    const inner = graph.add('Gelu', [dense(middle, `${at}.intermediate.dense`)]);
    const outer = graph.add('Add', [dense(inner, `${at}.output.dense`), middle]);
    tokens = norm(outer, `${at}.output.LayerNorm`);
  }

  const pooled = (): string => {
    if (pooling === 'cls')
      return graph.add('Gather', [tokens, graph.add('Squeeze', [graph.integers(0)])], { axis: { int: 1 } });
    const weight = graph.add('Unsqueeze', [mask, graph.integers(2)]);
    const sum = (values: string) =>
      graph.add('ReduceSum', [values, graph.integers(1)], { keepdims: { int: 0 } });
    return graph.add('Div', [sum(graph.add('Mul', [tokens, weight])), sum(weight)]);
  };
  graph.add('LpNormalization', [pooled()], { axis: { int: -1 }, p: { int: 2 } }, 'sentence_embedding');
  graph.add('Identity', [tokens], {}, 'last_hidden_state');

  return {
    opset: OPSET,
    nodes: graph.nodes,
    initializers: graph.initializers,
    inputs: ['input_ids', 'attention_mask'].map((name) => ({
      name,
      type: 'int64',
      dims: ['batch', 'sequence'],
    })),
    outputs: [
      { name: 'last_hidden_state', type: 'float32', dims: ['batch', 'sequence', hidden] },
      { name: 'sentence_embedding', type: 'float32', dims: ['batch', hidden] },
    ],
  };
}
