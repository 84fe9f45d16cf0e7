// Weights survive being written and read, and a hostile file is refused with a clear error.
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ChipwrightError } from '../../../src/errors.js';
import {
  readSafetensors,
  type Tensor,
  writeSafetensors,
} from '../../../src/retrieval/encoder/safetensors.js';

function file(header: unknown, data = new Uint8Array(8)): Uint8Array {
  const json = new TextEncoder().encode(typeof header === 'string' ? header : JSON.stringify(header));
  const bytes = new Uint8Array(8 + json.length + data.length);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(json.length), true);
  bytes.set(json, 8);
  bytes.set(data, 8 + json.length);
  return bytes;
}

const f32 = (shape: number[], from: number, to: number) => ({
  dtype: 'F32',
  shape,
  data_offsets: [from, to],
});

describe('safetensors', () => {
  it('reads back what was written, and writes the same bytes for the same tensors', () => {
    const tensor = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 3 }).chain((dims) => {
      const length = dims.reduce((a, b) => a * b, 1);
      return fc
        .float32Array({ minLength: length, maxLength: length })
        .map((values): Tensor => ({ dims, values }));
    });
    const name = fc
      .string({ minLength: 1 })
      .filter((text) => text !== '__metadata__' && text !== '__proto__');
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(name, tensor), { selector: ([key]) => key, maxLength: 5 }),
        (entries) => {
          const tensors = new Map(entries);
          const bytes = writeSafetensors(tensors);
          // Off by one byte, as a file inside an archive may be.
          const shifted = new Uint8Array(bytes.length + 1);
          shifted.set(bytes, 1);
          const found = readSafetensors(shifted.subarray(1));
          expect(found.size).toBe(tensors.size);
          for (const [key, value] of tensors) expect(found.get(key)).toEqual(value);
          expect(writeSafetensors(tensors)).toEqual(bytes);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('leaves out tensors that are not fp32, and metadata', () => {
    const bytes = file({
      __metadata__: { format: 'pt' },
      ids: { dtype: 'I64', shape: [0], data_offsets: [0, 0] },
      w: f32([2], 0, 8),
    });
    expect([...readSafetensors(bytes).keys()]).toEqual(['w']);
  });

  const huge = file({});
  new DataView(huge.buffer).setBigUint64(0, 2n ** 63n, true);
  it.each<[string, Uint8Array]>([
    ['nothing', new Uint8Array(0)],
    ['a header longer than the file', huge],
    ['no JSON', file('{"w":')],
    ['null', file('null')],
    ['a list', file('[1]')],
    ['overlapping tensors', file({ a: f32([2], 0, 8), b: f32([1], 4, 8) })],
    ['a gap', file({ a: f32([1], 0, 4), b: f32([0], 8, 8) })],
    ['an end before its start', file({ a: f32([2], 8, 0) })],
    ['a tensor past the end', file({ a: f32([4], 0, 16) })],
    ['a shape that does not fit', file({ a: f32([3], 0, 8) })],
    ['a negative size', file({ a: f32([-1, -2], 0, 8) })],
    ['bytes left over', file({ a: f32([1], 0, 4) })],
    ['a file cut off', file({ a: f32([2], 0, 8) }).subarray(0, -1)],
  ])('refuses %s', (_, bytes) => {
    expect(() => readSafetensors(bytes)).toThrow(ChipwrightError);
    expect(() => readSafetensors(bytes)).toThrow(expect.objectContaining({ code: 'model_corrupt' }));
  });
});
