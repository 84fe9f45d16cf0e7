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

/** Two inputs of an elementwise operator must have one shape, or the smaller must be a constant. */
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

/** y = a + b: each gets all of it. */
const add: GradientRule = (graph, _node, gradient) => [
  plus(graph, () => gradient),
  plus(graph, () => gradient),
];

/** y = a - b. */
const sub: GradientRule = (graph, _node, gradient) => [
  plus(graph, () => gradient),
  plus(graph, () => graph.add('Neg', [gradient])),
];

/** y = a b: each gets it times the other. */
const mul: GradientRule = (graph, { inputs: [a = '', b = ''] }, gradient) => [
  plus(graph, () => graph.add('Mul', [gradient, b])),
  plus(graph, () => graph.add('Mul', [gradient, a])),
];

/** y = a / b: dy / b, and -dy y / b. */
const div: GradientRule = (graph, { inputs: [, b = ''], outputs: [y = ''] }, gradient) => {
  const first = () => graph.add('Div', [gradient, b]);
  return [
    plus(graph, first),
    plus(graph, () => graph.add('Neg', [graph.add('Mul', [graph.add('Div', [gradient, b]), y])])),
  ];
};

/**
 * y = alpha A B + beta C, with A and B turned first when `transA`, `transB` say so; C is one row, added to all. The gradients are
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
    plus(graph, () => {
      const rows = graph.add('ReduceSum', [gradient, graph.integers(0)], { keepdims: { int: 0 } });
      const beta = factor(attributes.beta);
      return beta === 1 ? rows : graph.add('Mul', [rows, graph.number(beta)]);
    }),
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
  const { add } = { add: graph.add.bind(graph) };
  const product = add('Mul', [gradient, x]);
  const column = add('Reshape', [scale, graph.integers(-1, 1)]);
  const width = add('Cast', [shapeOf(graph, scale)], { to: { int: 1 } });

  const forX = () => {
    const meanG = add('Div', [add('MatMul', [gradient, column]), width]);
    const meanGX = add('Div', [add('MatMul', [product, column]), width]);
    const meanGZ = add('Mul', [add('Sub', [meanGX, add('Mul', [mean, meanG])]), r]);
    const s = add('Mul', [meanGZ, r]);
    const shift = add('Sub', [add('Mul', [mean, s]), meanG]);
    const bent = add('Sub', [add('Mul', [gradient, scale]), add('Mul', [x, s])]);
    return add('Mul', [add('Add', [bent, shift]), r]);
  };
  const forScale = () => {
    const rows = add('Gemm', [r, product], { transA: { int: 1 } });
    const correction = add('Gemm', [add('Mul', [mean, r]), gradient, rows], {
      alpha: -1,
      transA: { int: 1 },
    });
    return add('Reshape', [correction, graph.integers(-1)]);
  };
  const forBias = () => add('ReduceSum', [gradient, graph.integers(0)], { keepdims: { int: 0 } });
  return [plus(graph, forX), plus(graph, forScale), plus(graph, forBias)];
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
  Sub: sub,
  Mul: mul,
  Div: div,
  Gemm: gemm,
  FusedMatMul: stackedMatMul,
  Transpose: transpose,
  Reshape: reshape,
  Softmax: softmax,
  Gelu: gelu,
  LayerNormalization: layerNormalization,
  LpNormalization: lpNormalization,
};
