// Weights in a byte each, and the products that use them: a quarter of the memory to pass through, and two thirds of the time.
import { transpose } from './bert-weights.js';
import type { OnnxGraph } from './onnx-graph.js';
import type { Tensor } from './safetensors.js';

/**
 * The largest code of a weight. Half of what a byte holds, because processors without VNNI add two products of a byte with a byte in
 * 16 bits: 2 x 255 x 64 still fits, 2 x 255 x 127 would be cut, and a vector would depend on the machine that made it.
 */
const LARGEST_CODE = 64;

/** A token's numbers lie between its smallest, code 0, and its largest, code 255. */
const TOKEN_STEP = Math.fround(1 / 255);
const TOKEN_ZERO = 0;

/** Taken for the range of a token whose numbers are all the same, so that nothing is divided by zero. */
const NO_RANGE = Math.fround(1e-30);

/** A matrix of whole numbers, each row with the size of its step: value = code x step. */
export interface Int8Matrix {
  readonly codes: Int8Array;
  readonly steps: Float32Array;
  /** Of each row, the sum of its values. */
  readonly sums: Float32Array;
}

/** Rounds each row of `values` [rows, columns] to whole steps of a 64th of its largest number. */
export function toInt8({ dims, values }: Tensor): Int8Matrix {
  const [rows = 0, columns = 0] = dims;
  const codes = new Int8Array(rows * columns);
  const steps = new Float32Array(rows);
  const sums = new Float32Array(rows);
  for (let row = 0; row < rows; row++) {
    const numbers = values.subarray(row * columns, (row + 1) * columns);
    const step = numbers.reduce((most, value) => Math.max(most, Math.abs(value)), 0) / LARGEST_CODE || 1;
    const coded = codes.subarray(row * columns, (row + 1) * columns);
    numbers.forEach((value, at) => {
      coded[at] = Math.round(value / step);
    });
    steps[row] = step;
    sums[row] = step * coded.reduce((sum, code) => sum + code, 0);
  }
  return { codes, steps, sums };
}

/** Token vectors in codes; a value is `smallest + code / 255 x range`, both [batch, sequence, 1]. */
interface Rounded {
  readonly codes: string;
  readonly smallest: string;
  readonly range: string;
}

/** The products of one graph. What several of them read (query, key and value of a layer) is rounded once. */
export class Int8Products {
  readonly #graph: OnnxGraph;
  readonly #rounded = new Map<string, Rounded>();

  constructor(graph: OnnxGraph) {
    this.#graph = graph;
  }

  /**
   * `input` [batch, sequence, in] times the turned `weight` [out, in]. With x = smallest + q x range / 255 for a token, x * W is
   * (q * W) x range / 255 + smallest x (the sum of each row of W), and q * W has whole numbers only.
   */
  product(input: string, name: string, weight: Tensor): string {
    const graph = this.#graph;
    const [out = 0, into = 0] = weight.dims;
    const { codes, steps, sums } = toInt8(weight);
    const token = this.#round(input);
    const product = graph.addAll(
      'MatMulIntegerToFloat',
      [
        token.codes,
        graph.bytes(`${name}.codes`, [into, out], transpose(codes, out, into)),
        graph.number(TOKEN_STEP),
        graph.floats(`${name}.steps`, [out], steps),
        graph.byte(TOKEN_ZERO),
      ],
      {},
      [`${name}.product`],
      'com.microsoft',
    );
    return graph.add('Add', [
      graph.add('Mul', [product, token.range]),
      graph.add('Mul', [token.smallest, graph.floats(`${name}.sums`, [out], sums)]),
    ]);
  }

  /** The rows of `weight` [rows, columns] that `ids` name. */
  rows(ids: string, name: string, weight: Tensor): string {
    const graph = this.#graph;
    const [rows = 0] = weight.dims;
    const { codes, steps } = toInt8(weight);
    const found = graph.add('Gather', [graph.bytes(`${name}.codes`, weight.dims, codes), ids]);
    const step = graph.add('Gather', [graph.floats(`${name}.steps`, [rows, 1], steps), ids]);
    return graph.add('Mul', [graph.toFloat(found), step]);
  }

  /**
   * Each token between its own ends: a few (the first, the last) have numbers many times those of the others, and steps that suit them
   * would leave little of the rest. So a text's vector does not depend on what it runs with, either.
   */
  #round(input: string): Rounded {
    const before = this.#rounded.get(input);
    if (before !== undefined) return before;
    const graph = this.#graph;
    const end = (operator: 'ReduceMin' | 'ReduceMax') =>
      graph.add(operator, [input, graph.integers(-1)], { keepdims: { int: 1 } });
    const smallest = end('ReduceMin');
    const range = graph.add('Max', [graph.add('Sub', [end('ReduceMax'), smallest]), graph.number(NO_RANGE)]);
    const share = graph.add('Div', [graph.add('Sub', [input, smallest]), range]);
    const codes = graph.add('QuantizeLinear', [share, graph.number(TOKEN_STEP), graph.byte(TOKEN_ZERO)]);
    const rounded = { codes, smallest, range };
    this.#rounded.set(input, rounded);
    return rounded;
  }
}
