// A BERT encoder as a graph to train: weights in; vectors, and in a second graph gradients, out.
import type { Pooling } from '../retrieval/encoder/bert-graph.js';
import { type BertConfig, bertTensorShapes } from '../retrieval/encoder/bert-weights.js';
import type { OnnxModel, OnnxPort } from '../retrieval/encoder/onnx-file.js';
import { OnnxGraph } from '../retrieval/encoder/onnx-graph.js';
import { differentiate } from './differentiation.js';
import { fusedMatMul } from './gradient-rules.js';

/** The first version with both Gelu and LayerNormalization as operators of their own. */
const OPSET = 20;

/** Weights that the graph does not see: embeddings are looked up before it, and their gradients shared out after it. */
const LOOKED_UP = /^embeddings\.\w+_embeddings\.weight$/;

/** Name -> shape of the weights that are inputs of the graphs. */
export function graphWeights(config: BertConfig): Map<string, readonly number[]> {
  return new Map([...bertTensorShapes(config)].filter(([name]) => !LOOKED_UP.test(name)));
}

/** The name under which a weight's sum of gradients goes in, and comes out with this batch's added. */
export const sumIn = (name: string) => `sum.${name}`;
export const sumOut = (name: string) => `sum.${name}.with`;

/** Names of the other inputs and outputs. */
export const PORTS = {
  embedded: 'embedded',
  split: 'split',
  padding: 'padding',
  pick: 'pick',
  vectors: 'vectors',
  vectorsGradient: 'vectors.gradient',
  embeddedGradient: 'embedded.gradient',
} as const;

/**
 * The forward pass. Tokens are the rows of one matrix, position by position (the first tokens of all texts, then the second
 * ones, ...), so that attention finds each head's rows without moving them. Returns the name of the unit vectors.
 */
function addForward(graph: OnnxGraph, config: BertConfig, pooling: Pooling): string {
  const { hidden_size: hidden, num_attention_heads: heads, num_hidden_layers: layers } = config;

  const dense = (input: string, name: string): string =>
    graph.add('Gemm', [input, `${name}.weight`, `${name}.bias`], { transB: { int: 1 } });
  const norm = (input: string, name: string): string => {
    const output = `LayerNormalization.${graph.nodes.length}`;
    return graph.addAll(
      'LayerNormalization',
      [input, `${name}.weight`, `${name}.bias`],
      { axis: { int: -1 }, epsilon: config.layer_norm_eps },
      [output, `${output}.mean`, `${output}.r`],
    );
  };
  /** One row per text: its first token's, or the mean of its tokens'. */
  const pick = (tokens: string): string => graph.add('Gemm', [PORTS.pick, tokens]);

  const attention = (tokens: string, asking: string, at: string): string => {
    const perHead = (input: string, part: string) =>
      graph.add('Reshape', [
        dense(input, `${at}.self.${part}`),
        input === tokens ? PORTS.split : graph.integers(1, -1, hidden / heads),
      ]);
    const scores = fusedMatMul(graph, [perHead(asking, 'query'), perHead(tokens, 'key')], {
      alpha: 1 / Math.sqrt(hidden / heads),
      transB: true,
      transBatchA: true,
      transBatchB: true,
    });
    const shares = graph.add('Softmax', [graph.add('Add', [scores, PORTS.padding])], { axis: { int: -1 } });
    const context = fusedMatMul(graph, [shares, perHead(tokens, 'value')], { transBatchB: true });
    const rows = graph.add('Reshape', [
      graph.add('Transpose', [context], { perm: [1, 0, 2] }),
      graph.integers(-1, hidden),
    ]);
    return dense(rows, `${at}.output.dense`);
  };

  let tokens = norm(PORTS.embedded, 'embeddings.LayerNorm');
  for (let layer = 0; layer < layers; layer++) {
    const at = `encoder.layer.${layer}`;
    // With CLS pooling only the first tokens leave the last layer; the others are looked at there, and no more.
    const asking = pooling === 'cls' && layer === layers - 1 ? pick(tokens) : tokens;
    const attended = graph.add('Add', [attention(tokens, asking, `${at}.attention`), asking]);
    const middle = norm(attended, `${at}.attention.output.LayerNorm`);
    const inner = graph.add('Gelu', [dense(middle, `${at}.intermediate.dense`)]);
    const outer = graph.add('Add', [dense(inner, `${at}.output.dense`), middle]);
    tokens = norm(outer, `${at}.output.LayerNorm`);
  }
  return graph.add(
    'LpNormalization',
    [pooling === 'cls' ? tokens : pick(tokens)],
    { axis: { int: -1 }, p: { int: 2 } },
    PORTS.vectors,
  );
}

/**
 * Two models over the same inputs: `embed` gives `vectors`, `backward` takes their gradient and gives the weights' and
 * `embedded`'s. Inputs beside the weights: `embedded` [tokens, hidden], the sums of a token's word, position and type rows;
 * `split` [3], the shape [length, texts x heads, hidden / heads]; `padding` [texts x heads, 1, length], added to the attention
 * scores; `pick` [texts, tokens], the share of each token in its text's vector.
 */
export function buildTrainingGraphs(
  config: BertConfig,
  pooling: Pooling,
): { embed: OnnxModel; backward: OnnxModel } {
  const weights = graphWeights(config);
  const float = (name: string, ...dims: (number | string)[]): OnnxPort => ({ name, type: 'float32', dims });
  const hidden = config.hidden_size;
  const inputs = [
    float(PORTS.embedded, 'tokens', hidden),
    { name: PORTS.split, type: 'int64', dims: [3] } as const,
    float(PORTS.padding, 'heads', 1, 'length'),
    float(PORTS.pick, 'texts', 'tokens'),
    ...Array.from(weights, ([name, dims]) => float(name, ...dims)),
  ];

  const forward = new OnnxGraph();
  addForward(forward, config, pooling);

  const both = new OnnxGraph();
  addForward(both, config, pooling);
  const wanted = new Map<string, string | null>([[PORTS.embedded, null]]);
  for (const name of weights.keys()) wanted.set(name, sumIn(name));
  const found = differentiate(both, {
    gradients: new Map([[PORTS.vectors, PORTS.vectorsGradient]]),
    wanted,
  });
  for (const [name, gradient] of found)
    both.add('Identity', [gradient], {}, name === PORTS.embedded ? PORTS.embeddedGradient : sumOut(name));

  const parts = (graph: OnnxGraph) => ({
    opset: OPSET,
    nodes: graph.nodes,
    initializers: graph.initializers,
  });
  return {
    embed: { ...parts(forward), inputs, outputs: [float(PORTS.vectors, 'texts', hidden)] },
    backward: {
      ...parts(both),
      inputs: [
        ...inputs,
        float(PORTS.vectorsGradient, 'texts', hidden),
        ...Array.from(weights, ([name, dims]) => float(sumIn(name), ...dims)),
      ],
      outputs: [
        float(PORTS.embeddedGradient, 'tokens', hidden),
        ...Array.from(weights, ([name, dims]) => float(sumOut(name), ...dims)),
      ],
    },
  };
}
