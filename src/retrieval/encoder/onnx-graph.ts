// Puts an ONNX graph together: operations and constants, each known by its name.
import {
  ONNX_TYPES,
  type OnnxAttribute,
  type OnnxNode,
  type OnnxTensor,
  type OnnxType,
} from './onnx-file.js';

/** Collects nodes and constants. Each method returns the name of its result, so that a graph reads like its formula. */
export class OnnxGraph {
  readonly nodes: OnnxNode[] = [];
  readonly #constants = new Map<string, OnnxTensor>();

  get initializers(): readonly OnnxTensor[] {
    return [...this.#constants.values()];
  }

  /** An operation of the standard set; its result gets a name of its own unless `output` gives one. */
  add(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    output = `${operator}.${this.nodes.length}`,
  ): string {
    return this.addAll(operator, inputs, attributes, [output]);
  }

  /** An operation with several results, or of an operator set of its own; returns the name of its first result. */
  addAll(
    operator: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>>,
    outputs: readonly [string, ...string[]],
    domain = '',
  ): string {
    this.nodes.push({ operator, domain, inputs, outputs, attributes });
    return outputs[0];
  }

  /** The same numbers in four bytes each. */
  toFloat(input: string): string {
    return this.add('Cast', [input], { to: { int: ONNX_TYPES.float32 } });
  }

  /** A constant tensor of whole numbers, a byte each. */
  bytes(name: string, dims: readonly number[], values: Int8Array): string {
    return this.#constant(name, 'int8', dims, values);
  }

  /** A constant number from 0 to 255, in a byte. */
  byte(value: number): string {
    return this.#constant(`byte ${value}`, 'uint8', [1], Uint8Array.of(value));
  }

  /** A constant fp32 tensor. */
  floats(name: string, dims: readonly number[], values: Float32Array): string {
    return this.#constant(name, 'float32', dims, values);
  }

  /** A constant list of integers (axes, shapes, slices), named by its values. */
  integers(...values: readonly number[]): string {
    const numbers = BigInt64Array.from(values, BigInt);
    return this.#constant(`[${values.join()}]`, 'int64', [values.length], numbers);
  }

  /** A constant number, named by its value. */
  number(value: number): string {
    return this.floats(String(value), [1], Float32Array.of(value));
  }

  #constant(name: string, type: OnnxType, dims: readonly number[], values: ArrayBufferView): string {
    const data = new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
    this.#constants.set(name, { name, type, dims, data });
    return name;
  }
}
