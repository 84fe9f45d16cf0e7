// `manifest.json` of a model folder: what the model is, which files it has, and the id of the vectors it gives.
import { createHash } from 'node:crypto';
import { z } from 'zod';

/** Where every file stands that our own code reads. Beside them are those that other libraries look for. */
export const MODEL_FILES = {
  config: 'config.json',
  tokenizer: 'tokenizer.json',
  weights: 'model.safetensors',
  /** In a folder of its own, where transformers.js and sentence-transformers look for it. */
  onnx: 'onnx/model.onnx',
} as const;

/** The graph with weights of a byte each, by the name that transformers.js gives one; folders that an older version wrote have none. */
export const INT8_ONNX = 'onnx/model_quantized.onnx';

const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** With `/`, and never out of the folder. */
const pathSchema = z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9._-]*(\/[A-Za-z0-9_][A-Za-z0-9._-]*)*$/);

const filesSchema = z.record(
  pathSchema,
  z.object({ sha256: sha256Schema, bytes: z.number().int().positive() }),
);

const common = {
  name: z.string().min(1),
  /** The model this one was tuned from; null for a base model. */
  base: z.string().nullable(),
  licence: z.string(),
  /** Where the weights came from, for people. */
  source: z.string(),
  pooling: z.enum(['cls', 'mean']),
  queryPrefix: z.string(),
  passagePrefix: z.string(),
  maxTokens: z.number().int().min(3),
  dimensions: z.number().int().positive(),
};

const formatTwo = z
  .object({
    format: z.literal(2),
    ...common,
    /** SHA-256 of the tensors as a safetensors file without metadata: part of the encoder's id, so it must not depend on what else a file says. */
    weights: sha256Schema,
    files: filesSchema,
  })
  .refine(({ files }) => Object.values(MODEL_FILES).every((path) => path in files), {
    error: 'a file that every model has is not listed',
  });

/** The layout before other libraries could load a folder: four files side by side, and the weights file held nothing but tensors. */
const formatOne = z
  .object({ format: z.literal(1), ...common, files: filesSchema })
  .transform((manifest, context) => {
    const weights = manifest.files[MODEL_FILES.weights]?.sha256;
    if (weights !== undefined && 'model.onnx' in manifest.files) return { ...manifest, weights };
    context.addIssue('a file that every model has is not listed');
    return z.NEVER;
  });

export const manifestSchema = z.union([formatTwo, formatOne]);

export type ModelManifest = z.infer<typeof manifestSchema>;

/** Where the graph of this model stands in its folder: the one whose vectors the encoder's id stands for. */
export function onnxPath(manifest: ModelManifest): string {
  return manifest.format === 1 ? 'model.onnx' : MODEL_FILES.onnx;
}

/** Where the graph stands for what somebody waits for: the faster one, when the folder has it. */
export function quickOnnxPath(manifest: ModelManifest): string {
  return INT8_ONNX in manifest.files ? INT8_ONNX : onnxPath(manifest);
}

/** `name@` and twelve hex digits over everything that shapes a vector: vectors of two ids must never mix. */
export function encoderId(manifest: ModelManifest): string {
  const { pooling, queryPrefix, passagePrefix, maxTokens, weights } = manifest;
  const shape = JSON.stringify([weights, pooling, queryPrefix, passagePrefix, maxTokens]);
  return `${manifest.name}@${createHash('sha256').update(shape).digest('hex').slice(0, 12)}`;
}

/** The model's name in an encoder id. */
export function encoderName(id: string): string {
  return id.slice(0, id.lastIndexOf('@'));
}
