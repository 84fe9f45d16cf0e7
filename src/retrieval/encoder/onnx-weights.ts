// The weights of a BERT encoder out of an ONNX export made by PyTorch.
import {
  type BertConfig,
  type BertWeights,
  bertTensorShapes,
  selectBertWeights,
  transpose,
} from './bert-weights.js';
import { readOnnxWeights } from './onnx-file.js';
import type { Tensor } from './safetensors.js';

/**
 * PyTorch's exporter keeps the names of embeddings, biases and norms, but stores dense weights transposed and nameless
 * (`onnx::MatMul_1525`). A dense weight is therefore found through its bias: the MatMul whose result the bias is added to.
 * Throws `model_corrupt` when a weight cannot be found or has the wrong shape.
 */
export function bertWeightsFromOnnx(bytes: Uint8Array, config: BertConfig): BertWeights {
  const { nodes, tensors } = readOnnxWeights(bytes);
  const matMulOf = new Map<string, string>();
  for (const node of nodes) {
    const weight = node.inputs[1];
    const result = node.outputs[0];
    if (node.operator === 'MatMul' && weight !== undefined && result !== undefined && tensors.has(weight))
      matMulOf.set(result, weight);
  }
  const denseOf = new Map<string, string>();
  for (const node of nodes) {
    if (node.operator !== 'Add') continue;
    const bias = node.inputs.find((name) => tensors.has(name));
    const product = node.inputs.find((name) => matMulOf.has(name));
    const weight = product === undefined ? undefined : matMulOf.get(product);
    if (bias !== undefined && weight !== undefined) denseOf.set(bias.replace(/bias$/, 'weight'), weight);
  }
  const named = new Map<string, Tensor>();
  for (const name of bertTensorShapes(config).keys()) {
    const source = tensors.get(denseOf.get(name) ?? name);
    // A size that does not fit its shape is left out, and so reported as missing.
    if (source === undefined || source.dims.reduce((a, b) => a * b, 4) !== source.data.length) continue;
    const values = new Float32Array(new Uint8Array(source.data).buffer);
    const [rows = 0, columns = 0] = source.dims;
    named.set(
      name,
      denseOf.has(name)
        ? { dims: [columns, rows], values: transpose(values, rows, columns) }
        : { dims: source.dims, values },
    );
  }
  return selectBertWeights(named, config);
}
