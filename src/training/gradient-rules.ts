// One rule per operator: how the gradient of its result becomes the gradients of its inputs.
import type { OnnxAttribute, OnnxNode } from '../retrieval/encoder/onnx-file.js';
import type { OnnxGraph } from '../retrieval/encoder/onnx-graph.js';

/**
 * What an operation adds to the gradient of one of its inputs: given the sum so far (null when there is none), the name of the
 * sum with it. So a matrix product can start from the sum, which costs nothing, and what nobody asks for is not computed.
 */
export type Share = (sum: string | null) => string;

/** The shares of a node's inputs, in order. `gradient` is the loss's with respect to the node's first output. */
export type GradientRule = (graph: OnnxGraph, node: OnnxNode, gradient: string) => readonly Share[];

/** A share that has to be added to the sum. */
const plus =
  (graph: OnnxGraph, value: () => string): Share =>
  (sum) =>
    sum === null ? value() : graph.add('Add', [sum, value()]);

const flag = (value: OnnxAttribute | undefined): boolean =>
  typeof value === 'object' && 'int' in value && value.int === 1;
const factor = (value: OnnxAttribute | undefined): number => (typeof value === 'number' ? value : 1);
const int = (value: boolean) => ({ int: value ? 1 : 0 });
const shapeOf = (graph: OnnxGraph, name: string) => graph.add('Shape', [name]);

/** ONNX Runtime's own product of stacks of matrices, which turns and scales them as it goes. */
export function fusedMatMul(
  graph: OnnxGraph,
  inputs: readonly [string, string],
  how: {
    readonly alpha?: number;
    readonly transA?: boolean;
    readonly transB?: boolean;
    readonly transBatchA?: boolean;
    readonly transBatchB?: boolean;
  },
): string {
  const { alpha = 1, ...turns } = how;
  const attributes = Object.fromEntries(Object.entries(turns).map(([name, on]) => [name, int(on)]));
  return graph.addAll(
    'FusedMatMul',
    inputs,
    { alpha, ...attributes },
    [`FusedMatMul.${graph.nodes.length}`],
    'com.microsoft',
  );
}

/**
 * The sum of a matrix's rows, as one row of ones times the matrix: that may start from the sum so far, and is quicker than
 * ReduceSum in ONNX Runtime.
 */
const sumOfRows =
  (graph: OnnxGraph, matrix: string): Share =>
  (sum) => {
    const height = graph.add('Slice', [shapeOf(graph, matrix), graph.integers(0), graph.integers(1)]);
    const ones = graph.add('Expand', [graph.number(1), height]);
    const row = graph.add('Reshape', [ones, graph.integers(1, -1)]);
    const total = graph.add('Gemm', sum === null ? [row, matrix] : [row, matrix, sum]);
    return graph.add('Reshape', [total, graph.integers(-1)]);
  };

/** y = a + b, of one shape: each gets all of it. (The smaller of two shapes may be a constant, whose share nobody asks for.) */
const add: GradientRule = (graph, _node, gradient) => [
  plus(graph, () => gradient),
  plus(graph, () => gradient),
];

/**
 * y = alpha A B + C, with A and B turned first when `transA`, `transB` say so; C is one row, added to all. The gradients are
 * products again: dA = dy B', dB = A' dy (turned back when they were turned), dC the sum of the rows.
 */
const gemm: GradientRule = (graph, { inputs: [a = '', b = ''], attributes }, gradient) => {
  const alpha = factor(attributes.alpha);
  const transA = flag(attributes.transA);
  const transB = flag(attributes.transB);
  const product =
    (left: string, turnLeft: boolean, right: string, turnRight: boolean): Share =>
    (sum) =>
      graph.add('Gemm', sum === null ? [left, right] : [left, right, sum], {
        alpha,
        transA: int(turnLeft),
        transB: int(turnRight),
      });
  return [
    transA ? product(b, transB, gradient, true) : product(gradient, false, b, !transB),
    transB ? product(gradient, true, a, transA) : product(a, !transA, gradient, false),
    sumOfRows(graph, gradient),
  ];
};

/**
 * y = alpha A B over stacks of matrices. With `transBatchA` A lies as [rows, stack, columns] instead of [stack, rows, columns];
 * so then must its gradient.
 */
const stackedMatMul: GradientRule = (graph, { inputs: [a = '', b = ''], attributes }, gradient) => {
  const alpha = factor(attributes.alpha);
  const transA = flag(attributes.transA);
  const transB = flag(attributes.transB);
  const transBatchA = flag(attributes.transBatchA);
  const transBatchB = flag(attributes.transBatchB);
  const laid = (stacked: string, transBatch: boolean) =>
    transBatch ? graph.add('Transpose', [stacked], { perm: [1, 0, 2] }) : stacked;
  const forA = () =>
    transA
      ? fusedMatMul(graph, [b, gradient], { alpha, transA: transB, transB: true, transBatchA: transBatchB })
      : fusedMatMul(graph, [gradient, b], { alpha, transB: !transB, transBatchB });
  const forB = () =>
    transB
      ? fusedMatMul(graph, [gradient, a], { alpha, transA: true, transB: transA, transBatchB: transBatchA })
      : fusedMatMul(graph, [a, gradient], { alpha, transA: !transA, transBatchA });
  return [plus(graph, () => laid(forA(), transBatchA)), plus(graph, () => laid(forB(), transBatchB))];
};

/** y = x in another order: the gradient goes the way back. */
const transpose: GradientRule = (graph, { attributes }, gradient) => {
  const perm = Array.isArray(attributes.perm) ? attributes.perm : [];
  const back = perm.map((_, axis) => perm.indexOf(axis));
  return [plus(graph, () => graph.add('Transpose', [gradient], { perm: back }))];
};

/** y = x in another shape. */
const reshape: GradientRule = (graph, { inputs: [x = ''] }, gradient) => [
  plus(graph, () => graph.add('Reshape', [gradient, shapeOf(graph, x)])),
];

/**
 * y = e^x / sum(e^x) along the last axis: dx = y (dy - sum(y dy)).
 */
const softmax: GradientRule = (graph, { outputs: [y = ''] }, gradient) => [
  plus(graph, () => {
    const common = graph.add('ReduceSum', [graph.add('Mul', [gradient, y]), graph.integers(-1)]);
    return graph.add('Mul', [graph.add('Sub', [gradient, common]), y]);
  }),
];

/**
 * y = x F(x) with F(x) = (1 + erf(x / sqrt 2)) / 2, the exact Gelu: dx = dy (F(x) + x F'(x)), F' being the bell curve
 * e^(-x^2 / 2) / sqrt(2 pi). With u = x / sqrt 2 the bracket is (1 + erf(u)) / 2 + u e^(-u^2) / sqrt(pi).
 */
const gelu: GradientRule = (graph, { inputs: [x = ''] }, gradient) => [
  plus(graph, () => {
    const u = graph.add('Mul', [x, graph.number(Math.SQRT1_2)]);
    // The factor 1 / sqrt(pi) goes into the exponent, doubled, since all is halved at the end.
    const exponent = graph.add('Sub', [
      graph.number(Math.log(2 / Math.sqrt(Math.PI))),
      graph.add('Mul', [u, u]),
    ]);
    const bell = graph.add('Mul', [u, graph.add('Exp', [exponent])]);
    const twice = graph.add('Add', [graph.add('Add', [graph.add('Erf', [u]), bell]), graph.number(1)]);
    return graph.add('Mul', [graph.add('Mul', [twice, gradient]), graph.number(0.5)]);
  }),
];

/**
 * y = scale (x - mean) r + bias for each row of a matrix, r = 1 / deviation; mean and r are the node's second and third result.
 * With z = (x - mean) r and g = dy scale:  dx = r (g - mean(g) - z mean(g z)),  dscale = sum(dy z) and dbias = sum(dy) over the
 * rows. z is not computed: sums over z are sums over x, corrected with one number a row, and
 * dx = r (g - x s + (mean s - mean(g))) with s = r mean(g z) passes over the matrix five times only.
 */
const layerNormalization: GradientRule = (graph, node, gradient) => {
  const [x = '', scale = ''] = node.inputs;
  const [, mean = '', r = ''] = node.outputs;
  const times = (a: string, b: string) => graph.add('Mul', [a, b]);
  const minus = (a: string, b: string) => graph.add('Sub', [a, b]);
  const product = times(gradient, x);

  const forX = () => {
    const column = graph.add('Reshape', [scale, graph.integers(-1, 1)]);
    const width = graph.toFloat(shapeOf(graph, scale));
    const rowMean = (matrix: string) => graph.add('Div', [graph.add('MatMul', [matrix, column]), width]);
    const meanG = rowMean(gradient);
    const meanGZ = times(minus(rowMean(product), times(mean, meanG)), r);
    const s = times(meanGZ, r);
    const bent = minus(times(gradient, scale), times(x, s));
    return times(graph.add('Add', [bent, minus(times(mean, s), meanG)]), r);
  };
  const forScale: Share = (sum) => {
    const turned = { transA: { int: 1 } };
    const uncorrected = graph.add('Gemm', sum === null ? [r, product] : [r, product, sum], turned);
    const shift = times(mean, r);
    const total = graph.add('Gemm', [shift, gradient, uncorrected], { ...turned, alpha: -1 });
    return graph.add('Reshape', [total, graph.integers(-1)]);
  };
  return [plus(graph, forX), forScale, sumOfRows(graph, gradient)];
};

/** y = x / |x| along the last axis: dx = (dy - y sum(y dy)) / |x|, what is left of dy across x. */
const lpNormalization: GradientRule = (graph, { inputs: [x = ''], outputs: [y = ''] }, gradient) => [
  plus(graph, () => {
    const along = graph.add('ReduceSum', [graph.add('Mul', [gradient, y]), graph.integers(-1)]);
    const across = graph.add('Sub', [gradient, graph.add('Mul', [y, along])]);
    return graph.add('Div', [across, graph.add('ReduceL2', [x, graph.integers(-1)])]);
  }),
];

export const GRADIENT_RULES: Readonly<Record<string, GradientRule>> = {
  Add: add,
  Gemm: gemm,
  FusedMatMul: stackedMatMul,
  Transpose: transpose,
  Reshape: reshape,
  Softmax: softmax,
  Gelu: gelu,
  LayerNormalization: layerNormalization,
  LpNormalization: lpNormalization,
};
