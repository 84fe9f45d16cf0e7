// The safetensors format: an 8-byte header length, a JSON header, then the raw tensors. Only fp32 is read or written.
import { z } from 'zod';
import { ChipwrightError } from '../../errors.js';

/** A weight: row-major fp32 values and their shape. */
export interface Tensor {
  readonly dims: readonly number[];
  readonly values: Float32Array;
}

/** The format's own limit on the header (github.com/huggingface/safetensors, MAX_HEADER_SIZE). */
const MAX_HEADER_BYTES = 100_000_000;

const headerSchema = z.record(
  z.string(),
  z.object({
    dtype: z.string(),
    shape: z.array(z.number().int().nonnegative()),
    data_offsets: z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]),
  }),
);

function corrupt(message: string, cause?: unknown): ChipwrightError {
  return new ChipwrightError('model_corrupt', message, { cure: 'Fetch the model again.', cause });
}

function parseHeader(bytes: Uint8Array): { header: z.infer<typeof headerSchema>; start: number } {
  if (bytes.length < 8) throw corrupt('The weights file is too short to be one.');
  const length = new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true);
  if (length > BigInt(Math.min(MAX_HEADER_BYTES, bytes.length - 8)))
    throw corrupt('The weights file is cut off, or its header says it is longer than it is.');
  const start = 8 + Number(length);
  try {
    const json = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes.subarray(8, start)));
    if (typeof json === 'object' && json !== null) delete json.__metadata__;
    return { header: headerSchema.parse(json), start };
  } catch (cause) {
    throw corrupt('The header of the weights file cannot be read.', cause);
  }
}

/**
 * Reads the fp32 tensors of a safetensors file by name; tensors of other types (position ids) are left out.
 * Every byte of the data must belong to exactly one tensor, as the format demands. Throws `model_corrupt`.
 */
export function readSafetensors(bytes: Uint8Array): Map<string, Tensor> {
  const { header, start } = parseHeader(bytes);
  const entries = Object.entries(header).sort(
    ([, a], [, b]) => a.data_offsets[0] - b.data_offsets[0] || a.data_offsets[1] - b.data_offsets[1],
  );
  const tensors = new Map<string, Tensor>();
  let end = 0;
  for (const [name, { dtype, shape, data_offsets }] of entries) {
    const [from, to] = data_offsets;
    if (from !== end || to < from || start + to > bytes.length)
      throw corrupt('The tensors of the weights file overlap, leave gaps, or reach past its end.');
    end = to;
    if (dtype !== 'F32') continue;
    if (shape.reduce((product, size) => product * size, 4) !== to - from)
      throw corrupt('A tensor of the weights file does not have the size of its shape.');
    // Copied, because a Float32Array must start at a multiple of four and the file promises no alignment.
    tensors.set(name, {
      dims: shape,
      values: new Float32Array(new Uint8Array(bytes.subarray(start + from, start + to)).buffer),
    });
  }
  if (start + end !== bytes.length) throw corrupt('The weights file has bytes that belong to no tensor.');
  return tensors;
}

/** The bytes of a safetensors file with these tensors in this order: equal input gives equal bytes, on every machine. */
export function writeSafetensors(
  tensors: ReadonlyMap<string, Tensor>,
  metadata?: Readonly<Record<string, string>>,
): Uint8Array {
  const header: Record<string, unknown> = metadata === undefined ? {} : { __metadata__: metadata };
  let size = 0;
  for (const [name, { dims, values }] of tensors) {
    header[name] = { dtype: 'F32', shape: dims, data_offsets: [size, size + values.byteLength] };
    size += values.byteLength;
  }
  const json = JSON.stringify(header);
  // Spaces up to a multiple of eight, as the reference writer does, so that the data starts aligned.
  const head = new TextEncoder().encode(
    json + ' '.repeat((8 - (new TextEncoder().encode(json).length % 8)) % 8),
  );
  const bytes = new Uint8Array(8 + head.length + size);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(head.length), true);
  bytes.set(head, 8);
  let at = 8 + head.length;
  for (const { values } of tensors.values()) {
    bytes.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), at);
    at += values.byteLength;
  }
  return bytes;
}
