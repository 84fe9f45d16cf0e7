// The ONNX file format, as far as we write and read it: a protobuf model with nodes, initializers, inputs and outputs.
import protobuf from 'protobufjs/light.js';
import { z } from 'zod';
import { ChipwrightError } from '../../errors.js';

/** Element types we use, numbered as in `TensorProto.DataType`. */
export const ONNX_TYPES = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;

export type OnnxType = keyof typeof ONNX_TYPES;

/** A constant of the graph. `data` is little-endian, row-major. */
export interface OnnxTensor {
  readonly name: string;
  readonly type: OnnxType;
  readonly dims: readonly number[];
  readonly data: Uint8Array;
}

export type OnnxAttribute = number | { readonly int: number } | readonly number[] | string;

/** One operation. A plain number as attribute is a float; integers are written `{ int: 1 }`, so that nothing is guessed. */
export interface OnnxNode {
  readonly operator: string;
  /** Empty for the standard operators, `com.microsoft` for ONNX Runtime's own. */
  readonly domain: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes: Readonly<Record<string, OnnxAttribute>>;
}

/** An input or output of the model; a dimension is a size or, when it varies, a name. */
export interface OnnxPort {
  readonly name: string;
  readonly type: OnnxType;
  readonly dims: readonly (number | string)[];
}

export interface OnnxModel {
  /** Version of the standard operator set. */
  readonly opset: number;
  readonly nodes: readonly OnnxNode[];
  readonly initializers: readonly OnnxTensor[];
  readonly inputs: readonly OnnxPort[];
  readonly outputs: readonly OnnxPort[];
}

/** The subset of onnx.proto3 that these models need; field numbers are the format's own (github.com/onnx/onnx, onnx.proto3). */
const messages = {
  ModelProto: {
    fields: {
      irVersion: { type: 'int64', id: 1 },
      producerName: { type: 'string', id: 2 },
      graph: { type: 'GraphProto', id: 7 },
      opsetImport: { rule: 'repeated', type: 'OperatorSetIdProto', id: 8 },
    },
  },
  OperatorSetIdProto: { fields: { domain: { type: 'string', id: 1 }, version: { type: 'int64', id: 2 } } },
  GraphProto: {
    fields: {
      node: { rule: 'repeated', type: 'NodeProto', id: 1 },
      name: { type: 'string', id: 2 },
      initializer: { rule: 'repeated', type: 'TensorProto', id: 5 },
      input: { rule: 'repeated', type: 'ValueInfoProto', id: 11 },
      output: { rule: 'repeated', type: 'ValueInfoProto', id: 12 },
    },
  },
  NodeProto: {
    fields: {
      input: { rule: 'repeated', type: 'string', id: 1 },
      output: { rule: 'repeated', type: 'string', id: 2 },
      name: { type: 'string', id: 3 },
      opType: { type: 'string', id: 4 },
      attribute: { rule: 'repeated', type: 'AttributeProto', id: 5 },
      domain: { type: 'string', id: 7 },
    },
  },
  AttributeProto: {
    fields: {
      name: { type: 'string', id: 1 },
      f: { type: 'float', id: 2 },
      i: { type: 'int64', id: 3 },
      s: { type: 'bytes', id: 4 },
      ints: { rule: 'repeated', type: 'int64', id: 8 },
      type: { type: 'int32', id: 20 },
    },
  },
  TensorProto: {
    fields: {
      dims: { rule: 'repeated', type: 'int64', id: 1 },
      dataType: { type: 'int32', id: 2 },
      name: { type: 'string', id: 8 },
      rawData: { type: 'bytes', id: 9 },
    },
  },
  ValueInfoProto: { fields: { name: { type: 'string', id: 1 }, type: { type: 'TypeProto', id: 2 } } },
  TypeProto: { fields: { tensorType: { type: 'TensorTypeProto', id: 1 } } },
  TensorTypeProto: {
    fields: { elemType: { type: 'int32', id: 1 }, shape: { type: 'TensorShapeProto', id: 2 } },
  },
  TensorShapeProto: { fields: { dim: { rule: 'repeated', type: 'DimensionProto', id: 1 } } },
  DimensionProto: { fields: { dimValue: { type: 'int64', id: 1 }, dimParam: { type: 'string', id: 2 } } },
};

const modelProto = protobuf.Root.fromJSON({ nested: messages }).lookupType('ModelProto');

function attributeProto(name: string, value: OnnxAttribute): Record<string, unknown> {
  if (typeof value === 'number') return { name, f: value, type: 1 };
  if (typeof value === 'string') return { name, s: new TextEncoder().encode(value), type: 3 };
  if ('int' in value) return { name, i: value.int, type: 2 };
  return { name, ints: value, type: 7 };
}

function portProto(port: OnnxPort): Record<string, unknown> {
  const dim = port.dims.map((size) => (typeof size === 'number' ? { dimValue: size } : { dimParam: size }));
  return { name: port.name, type: { tensorType: { elemType: ONNX_TYPES[port.type], shape: { dim } } } };
}

/** The model as the bytes of a `.onnx` file. */
export function writeOnnx(model: OnnxModel): Uint8Array {
  const ownOperators = model.nodes.some((node) => node.domain !== '');
  return modelProto
    .encode({
      irVersion: 9,
      producerName: 'chipwright',
      opsetImport: [
        { domain: '', version: model.opset },
        ...(ownOperators ? [{ domain: 'com.microsoft', version: 1 }] : []),
      ],
      graph: {
        name: 'chipwright',
        node: model.nodes.map((node, at) => ({
          name: `${at}.${node.operator}`,
          opType: node.operator,
          domain: node.domain,
          input: node.inputs,
          output: node.outputs,
          attribute: Object.entries(node.attributes).map(([name, value]) => attributeProto(name, value)),
        })),
        initializer: model.initializers.map((tensor) => ({
          name: tensor.name,
          dataType: ONNX_TYPES[tensor.type],
          dims: tensor.dims,
          rawData: tensor.data,
        })),
        input: model.inputs.map(portProto),
        output: model.outputs.map(portProto),
      },
    })
    .finish();
}

const readSchema = z.object({
  graph: z.object({
    node: z.array(z.object({ opType: z.string(), input: z.array(z.string()), output: z.array(z.string()) })),
    initializer: z.array(
      z.object({
        name: z.string(),
        dataType: z.number(),
        dims: z.array(z.number().int().nonnegative()),
        rawData: z.instanceof(Uint8Array),
      }),
    ),
  }),
});

/** What foreign ONNX files are read for: their float weights, and the order in which the nodes use them. */
export interface OnnxWeights {
  readonly nodes: readonly Pick<OnnxNode, 'operator' | 'inputs' | 'outputs'>[];
  /** fp32 initializers with raw data, by name. */
  readonly tensors: ReadonlyMap<string, { readonly dims: readonly number[]; readonly data: Uint8Array }>;
}

/** Reads nodes and fp32 initializers of an ONNX file. Throws `model_corrupt` when it is not one. */
export function readOnnxWeights(bytes: Uint8Array): OnnxWeights {
  let graph: z.infer<typeof readSchema>['graph'];
  try {
    const decoded = modelProto.toObject(modelProto.decode(bytes), {
      longs: Number,
      arrays: true,
      defaults: true,
    });
    graph = readSchema.parse(decoded).graph;
  } catch (cause) {
    throw new ChipwrightError('model_corrupt', 'The ONNX file of the model cannot be read.', {
      cure: 'Fetch the model again.',
      cause,
    });
  }
  const floats = graph.initializer.filter((tensor) => tensor.dataType === ONNX_TYPES.float32);
  return {
    nodes: graph.node.map((node) => ({ operator: node.opType, inputs: node.input, outputs: node.output })),
    tensors: new Map(floats.map((tensor) => [tensor.name, { dims: tensor.dims, data: tensor.rawData }])),
  };
}
