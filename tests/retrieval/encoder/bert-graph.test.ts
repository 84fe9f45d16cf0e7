// The ONNX graph computes what BERT is, whatever a text is padded with.
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { dotProduct } from '../../../src/retrieval/dot-product.js';
import { buildBertGraph, type Pooling, type Precision } from '../../../src/retrieval/encoder/bert-graph.js';
import { writeOnnx } from '../../../src/retrieval/encoder/onnx-file.js';
import { naiveBert, naivePool, tinyConfig, tinyWeights } from './tiny-model.js';

/** Runs the graph of the tiny model on the texts, padded to the longest. */
async function run(texts: readonly number[][], pooling: Pooling, precision: Precision) {
  const graph = writeOnnx(buildBertGraph(tinyConfig, tinyWeights(7), pooling, precision));
  const session = await InferenceSession.create(graph);
  const length = Math.max(...texts.map((text) => text.length));
  const places = texts.flatMap((text) => Array.from({ length }, (_, at) => text[at]));
  const shape = [texts.length, length];
  const found = await session.run({
    input_ids: new Tensor(
      'int64',
      BigInt64Array.from(places, (id) => BigInt(id ?? 0)),
      shape,
    ),
    attention_mask: new Tensor(
      'int64',
      BigInt64Array.from(places, (id) => (id === undefined ? 0n : 1n)),
      shape,
    ),
  });
  await session.release();
  const vectors = found.sentence_embedding?.data as Float32Array;
  return {
    states: found.last_hidden_state?.data as Float32Array,
    vectors: texts.map((_, row) => vectors.subarray(row * 32, (row + 1) * 32)),
  };
}

const TEXTS = [
  [2, 5, 6, 7, 3],
  [2, 9, 3],
  [2, 3],
];

describe.each(['cls', 'mean'] as const)('the BERT graph with %s pooling', (pooling) => {
  it('gives the vectors of a plain BERT, padded or not', async () => {
    const { states, vectors } = await run(TEXTS, pooling, 'fp32');
    TEXTS.forEach((text, row) => {
      const tokens = naiveBert(tinyConfig, tinyWeights(7), text);
      tokens.flat().forEach((value, at) => {
        expect(states[row * 5 * 32 + at]).toBeCloseTo(value, 4);
      });
      naivePool(tokens, pooling).forEach((value, at) => {
        expect(vectors[row]?.[at]).toBeCloseTo(value, 5);
      });
    });
  });

  it('gives nearly the same vectors with weights of a byte each', async () => {
    const { vectors } = await run(TEXTS, pooling, 'int8');
    TEXTS.forEach((text, row) => {
      const plain = Float32Array.from(naivePool(naiveBert(tinyConfig, tinyWeights(7), text), pooling));
      expect(dotProduct(vectors[row] as Float32Array, plain)).toBeGreaterThan(0.999);
    });
  });

  it.each(['fp32', 'int8'] as const)('gives a text the vector it has alone, in %s', async (precision) => {
    const { vectors } = await run(TEXTS, pooling, precision);
    for (const [row, text] of TEXTS.entries()) {
      const alone = await run([text], pooling, precision);
      expect(dotProduct(alone.vectors[0] as Float32Array, vectors[row] as Float32Array)).toBeCloseTo(1, 6);
    }
  });
});

it('refuses weights that do not fit the configuration', () => {
  const config = { ...tinyConfig, num_hidden_layers: 3 };
  expect(() => buildBertGraph(config, tinyWeights(1), 'cls')).toThrow(/encoder\.layer\.2\..* is missing/);
  expect(() => buildBertGraph({ ...tinyConfig, intermediate_size: 64 }, tinyWeights(1), 'cls')).toThrow(
    /shape 48 x 32/,
  );
});
