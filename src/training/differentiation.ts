// Reverse-mode differentiation: lengthens an ONNX graph by the operations that compute its gradients.
import type { OnnxGraph } from '../retrieval/encoder/onnx-graph.js';
import { GRADIENT_RULES } from './gradient-rules.js';

export interface Differentiation {
  /** Results of the graph -> the tensors that hold the loss's gradient with respect to them. */
  readonly gradients: ReadonlyMap<string, string>;
  /**
   * The tensors to differentiate with respect to -> what their gradient is added to (a sum over earlier batches), or null.
   */
  readonly wanted: ReadonlyMap<string, string | null>;
}

/**
 * Appends the backward pass of every operation between `wanted` and the results, and returns the name of each wanted tensor's
 * gradient. The chain rule, read backwards: when all operations that use a tensor have added their share to its gradient, that
 * gradient is known, and the operation that made the tensor can hand it on to its own inputs. (Griewank and Walther, "Evaluating
 * Derivatives", chapter 3.) Throws when an operator on the way has no rule, or when a result does not depend on a wanted tensor.
 */
export function differentiate(graph: OnnxGraph, { gradients, wanted }: Differentiation): Map<string, string> {
  const forward = [...graph.nodes];

  // Only what depends on a wanted tensor has a gradient worth computing.
  const varying = new Set(wanted.keys());
  for (const { inputs, outputs } of forward)
    if (inputs.some((input) => varying.has(input))) for (const output of outputs) varying.add(output);

  const sums = new Map(gradients);
  for (const [name, sum] of wanted) if (sum !== null) sums.set(name, sum);

  for (const node of forward.toReversed()) {
    const gradient = sums.get(node.outputs[0] ?? '');
    if (gradient === undefined || !node.inputs.some((input) => varying.has(input))) continue;
    const rule = GRADIENT_RULES[node.operator];
    if (rule === undefined) throw new Error(`There is no gradient rule for ${node.operator}.`);
    rule(graph, node, gradient).forEach((share, at) => {
      const input = node.inputs[at] ?? '';
      if (varying.has(input)) sums.set(input, share(sums.get(input) ?? null));
    });
  }

  return new Map(
    [...wanted].map(([name, before]) => {
      const gradient = sums.get(name);
      if (gradient === undefined || gradient === before) throw new Error(`No result depends on ${name}.`);
      return [name, gradient];
    }),
  );
}
