// The chain rule over a whole graph: several users of one tensor, what is left out, and what cannot be done.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { writeOnnx } from '../../src/retrieval/encoder/onnx-file.js';
import { OnnxGraph } from '../../src/retrieval/encoder/onnx-graph.js';
import { differentiate } from '../../src/training/differentiation.js';

/** y = gelu(x W) + gelu(x W) W, with x used by one product and W by two. */
function twoUses(): OnnxGraph {
  const graph = new OnnxGraph();
  const inner = graph.add('Gelu', [graph.add('Gemm', ['x', 'w'])]);
  graph.add('Add', [inner, graph.add('Gemm', [inner, 'w'])], {}, 'y');
  return graph;
}

const square = (name: string) => ({ name, type: 'float32', dims: [2, 2] }) as const;

async function run(graph: OnnxGraph, feeds: Record<string, number[]>, output: string): Promise<number[]> {
  const session = await InferenceSession.create(
    writeOnnx({
      opset: 20,
      nodes: graph.nodes,
      initializers: graph.initializers,
      inputs: Object.keys(feeds).map(square),
      outputs: [square(output)],
    }),
  );
  const tensors = Object.entries(feeds).map(([name, values]) => [
    name,
    new Tensor('float32', Float32Array.from(values), [2, 2]),
  ]);
  const { [output]: found } = await session.run(Object.fromEntries(tensors));
  await session.release();
  return Array.from(found?.data as Float32Array);
}

describe('differentiation', () => {
  it('adds up what comes back from every use of a tensor', async () => {
    const x = [0.3, -1.2, 0.8, 0.1];
    const w = [0.5, -0.4, 1.1, 0.9];
    const dy = [1, 0.5, -0.7, 0.2];
    const graph = twoUses();
    const found = differentiate(graph, {
      gradients: new Map([['y', 'dy']]),
      wanted: new Map([
        ['x', null],
        ['w', null],
      ]),
    });
    for (const [name, values] of Object.entries({ x, w })) {
      const gradient = await run(graph, { x, w, dy }, found.get(name) ?? '');
      for (const [at, value] of values.entries()) {
        const loss = async (step: number) => {
          const moved = { x, w, [name]: values.with(at, value + step) };
          const y = await run(twoUses(), moved, 'y');
          return y.reduce((sum, part, place) => sum + part * (dy[place] ?? 0), 0);
        };
        expect(gradient[at]).toBeCloseTo(((await loss(0.01)) - (await loss(-0.01))) / 0.02, 2);
      }
    }
  });

  it('computes nothing for what nobody wants', () => {
    const operators = (wanted: string[]) => {
      const graph = new OnnxGraph();
      graph.add('Gemm', [graph.add('Gemm', ['x', 'v']), 'w'], {}, 'y');
      differentiate(graph, {
        gradients: new Map([['y', 'dy']]),
        wanted: new Map(wanted.map((name) => [name, null])),
      });
      return graph.nodes.length - 2;
    };
    expect(operators(['w'])).toBe(1);
    expect(operators(['v'])).toBe(2);
    expect(operators(['v', 'w', 'x'])).toBe(4);
  });

  it('starts a product from the sum so far, in place of adding to it afterwards', () => {
    const graph = new OnnxGraph();
    graph.add('Gemm', ['x', 'w'], {}, 'y');
    differentiate(graph, { gradients: new Map([['y', 'dy']]), wanted: new Map([['w', 'before']]) });
    expect(graph.nodes.at(-1)?.inputs).toEqual(['x', 'dy', 'before']);
  });

  it('says when an operator has no rule, or when a tensor has no part in the result', () => {
    const graph = new OnnxGraph();
    graph.add('Cos', ['x'], {}, 'y');
    const towards = (name: string) => () =>
      differentiate(graph, { gradients: new Map([['y', 'dy']]), wanted: new Map([[name, null]]) });
    expect(towards('x')).toThrow('There is no gradient rule for Cos.');
    expect(towards('z')).toThrow('No result depends on z.');
  });
});
