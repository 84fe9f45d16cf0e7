// The tiny model as PyTorch exports it to ONNX: dense weights under names that say nothing.
import { buildBertGraph } from '../../../src/retrieval/encoder/bert-graph.js';
import type { BertWeights } from '../../../src/retrieval/encoder/bert-weights.js';
import { writeOnnx } from '../../../src/retrieval/encoder/onnx-file.js';
import { tinyConfig } from './tiny-model.js';

export function anonymousExport(weights: BertWeights): Uint8Array {
  const model = buildBertGraph(tinyConfig, weights, 'cls');
  const names = new Map<string, string>();
  for (const node of model.nodes) {
    const weight = node.operator === 'MatMul' ? node.inputs[1] : undefined;
    if (weight?.endsWith('.weight')) names.set(weight, `onnx::MatMul_${names.size}`);
  }
  const rename = (name: string) => names.get(name) ?? name;
  return writeOnnx({
    ...model,
    nodes: model.nodes.map((node) => ({ ...node, inputs: node.inputs.map(rename) })),
    initializers: model.initializers.map((tensor) => ({ ...tensor, name: rename(tensor.name) })),
  });
}
