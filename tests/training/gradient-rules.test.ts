// Each rule against finite differences: the slope that ONNX Runtime itself shows when an input is moved a little.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { expect, it } from 'vitest';
import { type OnnxPort, writeOnnx } from '../../src/retrieval/encoder/onnx-file.js';
import { OnnxGraph } from '../../src/retrieval/encoder/onnx-graph.js';
import { differentiate } from '../../src/training/differentiation.js';
import { fusedMatMul, GRADIENT_RULES } from '../../src/training/gradient-rules.js';
import { seeded } from '../retrieval/encoder/tiny-model.js';

interface Case {
  readonly operator: string;
  readonly how?: string;
  /** Input name -> dims. */
  readonly inputs: Readonly<Record<string, readonly number[]>>;
  readonly rank: number;
  /** Adds the node; returns the name of its result. */
  readonly build: (graph: OnnxGraph) => string;
}

const on = { int: 1 };
const off = { int: 0 };
const turns = [false, true];

const cases: Case[] = [
  {
    operator: 'Add',
    inputs: { a: [3, 4], b: [3, 4] },
    rank: 2,
    build: (graph) => graph.add('Add', ['a', 'b']),
  },
  ...turns.flatMap((transA) =>
    turns.map(
      (transB): Case => ({
        operator: 'Gemm',
        how: [transA ? 'transA' : [], transB ? 'transB' : []].flat().join(' '),
        inputs: { a: transA ? [5, 3] : [3, 5], b: transB ? [4, 5] : [5, 4], c: [4] },
        rank: 2,
        build: (graph) =>
          graph.add('Gemm', ['a', 'b', 'c'], {
            alpha: 0.75,
            transA: transA ? on : off,
            transB: transB ? on : off,
          }),
      }),
    ),
  ),
  ...turns.flatMap((transA) =>
    turns.flatMap((transB) =>
      turns.flatMap((transBatchA) =>
        turns.map((transBatchB): Case => {
          const laid = (rows: number, columns: number, turned: boolean, batch: boolean) => {
            const [first, second] = turned ? [columns, rows] : [rows, columns];
            return batch ? [first, 2, second] : [2, first, second];
          };
          return {
            operator: 'FusedMatMul',
            how: Object.entries({ transA, transB, transBatchA, transBatchB })
              .flatMap(([turn, done]) => (done ? [turn] : []))
              .join(' '),
            inputs: { a: laid(3, 5, transA, transBatchA), b: laid(5, 4, transB, transBatchB) },
            rank: 3,
            build: (graph) =>
              fusedMatMul(graph, ['a', 'b'], { alpha: 0.5, transA, transB, transBatchA, transBatchB }),
          };
        }),
      ),
    ),
  ),
  {
    operator: 'Transpose',
    inputs: { x: [2, 3, 4] },
    rank: 3,
    build: (graph) => graph.add('Transpose', ['x'], { perm: [2, 0, 1] }),
  },
  {
    operator: 'Reshape',
    inputs: { x: [2, 3, 4] },
    rank: 2,
    build: (graph) => graph.add('Reshape', ['x', graph.integers(6, -1)]),
  },
  {
    operator: 'Softmax',
    inputs: { x: [2, 3, 5] },
    rank: 3,
    build: (graph) => graph.add('Softmax', ['x'], { axis: { int: -1 } }),
  },
  { operator: 'Gelu', inputs: { x: [6, 7] }, rank: 2, build: (graph) => graph.add('Gelu', ['x']) },
  {
    operator: 'LayerNormalization',
    inputs: { x: [4, 6], scale: [6], bias: [6] },
    rank: 2,
    build: (graph) =>
      graph.addAll('LayerNormalization', ['x', 'scale', 'bias'], { axis: { int: -1 }, epsilon: 1e-12 }, [
        'y',
        'mean',
        'r',
      ]),
  },
  {
    operator: 'LpNormalization',
    inputs: { x: [3, 5] },
    rank: 2,
    build: (graph) => graph.add('LpNormalization', ['x'], { axis: { int: -1 }, p: { int: 2 } }),
  },
];

const open = (graph: OnnxGraph, inputs: readonly OnnxPort[], outputs: readonly OnnxPort[]) =>
  InferenceSession.create(
    writeOnnx({ opset: 20, nodes: graph.nodes, initializers: graph.initializers, inputs, outputs }),
    { intraOpNumThreads: 1 },
  );

const port = (name: string, rank: number): OnnxPort => ({
  name,
  type: 'float32',
  dims: Array.from({ length: rank }, (_, axis) => `${name}.${axis}`),
});

const floats = (tensor: Tensor | undefined) => (tensor?.data ?? new Float32Array()) as Float32Array;

it.each(cases.map((each) => ({ ...each, title: `${each.operator} ${each.how ?? ''}`.trim() })))(
  '$title',
  async ({ inputs, rank, build }) => {
    const random = seeded(5);
    const draw = (dims: readonly number[]) =>
      new Tensor(
        'float32',
        Float32Array.from({ length: dims.reduce((a, b) => a * b, 1) }, () => 1.5 * random()),
        [...dims],
      );
    const names = Object.keys(inputs);
    const ports = names.map((name) => port(name, inputs[name]?.length ?? 0));
    const feeds = Object.fromEntries(Object.entries(inputs).map(([name, dims]) => [name, draw(dims)]));
    // Every other input has a sum already, to which its gradient must be added.
    const sums = Object.fromEntries(
      names.filter((_, at) => at % 2 === 0).map((name) => [`sum.${name}`, draw(inputs[name] ?? [])]),
    );

    const forward = new OnnxGraph();
    const y = build(forward);
    const plain = await open(forward, ports, [port(y, rank)]);
    const { [y]: result } = await plain.run(feeds);
    const towards = draw(result?.dims ?? []);

    const both = new OnnxGraph();
    const gradients = new Map([[build(both), 'dy']]);
    const wanted = new Map(names.map((name) => [name, `sum.${name}` in sums ? `sum.${name}` : null]));
    for (const [name, gradient] of differentiate(both, { gradients, wanted }))
      both.add('Identity', [gradient], {}, `d.${name}`);
    const backward = await open(
      both,
      [
        ...ports,
        port('dy', rank),
        ...Object.entries(sums).map(([name, { dims }]) => port(name, dims.length)),
      ],
      names.map((name) => port(`d.${name}`, inputs[name]?.length ?? 0)),
    );
    const analytic = await backward.run({ ...feeds, ...sums, dy: towards });

    const loss = async () => {
      const values = floats((await plain.run(feeds))[y]);
      return values.reduce((sum, value, at) => sum + value * (floats(towards)[at] ?? 0), 0);
    };
    for (const name of names) {
      const values = floats(feeds[name]);
      expect(analytic[`d.${name}`]?.dims).toEqual(inputs[name]);
      for (const [at, value] of values.entries()) {
        const slope = async (step: number) => {
          values[at] = value + step;
          const above = await loss();
          values[at] = value - step;
          const below = await loss();
          values[at] = value;
          return (above - below) / (2 * step);
        };
        // Richardson: the error of the slope over a step falls with its square, so two steps nearly cancel it.
        const numeric = (4 * (await slope(1 / 32)) - (await slope(1 / 16))) / 3;
        const before = floats(sums[`sum.${name}`])?.[at] ?? 0;
        const found = (floats(analytic[`d.${name}`])[at] ?? 0) - before;
        expect(Math.abs(found - numeric), `${name}[${at}]: ${found}, not ${numeric}`).toBeLessThan(
          2e-3 * (1 + Math.abs(numeric)),
        );
      }
    }
    await plain.release();
    await backward.release();
  },
);

it('has no rule that is not held against finite differences', () => {
  expect(new Set(cases.map(({ operator }) => operator))).toEqual(new Set(Object.keys(GRADIENT_RULES)));
});
