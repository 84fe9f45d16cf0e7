// The ONNX graph computes what BERT is, whatever a text is padded with.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { buildBertGraph } from '../../../src/retrieval/encoder/bert-graph.js';
import { writeOnnx } from '../../../src/retrieval/encoder/onnx-file.js';
import { naiveBert, naivePool, tinyConfig, tinyWeights } from './tiny-model.js';

describe.each(['cls', 'mean'] as const)('the BERT graph with %s pooling', (pooling) => {
  it('gives the vectors of a plain BERT, padded or not', async () => {
    const weights = tinyWeights(7);
    const session = await InferenceSession.create(writeOnnx(buildBertGraph(tinyConfig, weights, pooling)));
    const texts = [
      [2, 5, 6, 7, 3],
      [2, 9, 3],
      [2, 3],
    ];
    const ids = texts.flatMap((text) => Array.from({ length: 5 }, (_, at) => BigInt(text[at] ?? 0)));
    const mask = texts.flatMap((text) => Array.from({ length: 5 }, (_, at) => (at < text.length ? 1n : 0n)));
    const found = await session.run({
      input_ids: new Tensor('int64', BigInt64Array.from(ids), [3, 5]),
      attention_mask: new Tensor('int64', BigInt64Array.from(mask), [3, 5]),
    });
    const states = found.last_hidden_state?.data as Float32Array;
    const vectors = found.sentence_embedding?.data as Float32Array;
    texts.forEach((text, row) => {
      const tokens = naiveBert(tinyConfig, weights, text);
      tokens.flat().forEach((value, at) => {
        expect(states[row * 5 * 32 + at]).toBeCloseTo(value, 4);
      });
      naivePool(tokens, pooling).forEach((value, at) => {
        expect(vectors[row * 32 + at]).toBeCloseTo(value, 5);
      });
    });
    await session.release();
  });
});

it('refuses weights that do not fit the configuration', () => {
  const config = { ...tinyConfig, num_hidden_layers: 3 };
  expect(() => buildBertGraph(config, tinyWeights(1), 'cls')).toThrow(/encoder\.layer\.2\..* is missing/);
  expect(() => buildBertGraph({ ...tinyConfig, intermediate_size: 64 }, tinyWeights(1), 'cls')).toThrow(
    /shape 48 x 32/,
  );
});
