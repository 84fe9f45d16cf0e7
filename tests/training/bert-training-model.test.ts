// The encoder's vectors are those of inference, and its gradients those of PyTorch.
import { readFile } from 'node:fs/promises';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { describe, expect, it } from 'vitest';
import { buildBertGraph } from '../../src/retrieval/encoder/bert-graph.js';
import { writeOnnx } from '../../src/retrieval/encoder/onnx-file.js';
import { readSafetensors } from '../../src/retrieval/encoder/safetensors.js';
import { openTrainingModel } from '../../src/training/bert-training-model.js';
import type { Gradients, TokenBatch } from '../../src/training/training-model.js';
import { tinyBertConfig, tinyBertWeights, tokenBatches, vectorGradient } from '../support/tiny-bert.js';

const reference = readSafetensors(await readFile('tests/fixtures/training/gradients.safetensors'));
const passages = tokenBatches(12)[0]?.passages ?? [];
const weights = tinyBertWeights(11);
const hidden = tinyBertConfig.hidden_size;

const none = (): Gradients => ({ dense: new Map(), words: new Map() });

function cosine(a: Float32Array, b: Float32Array): number {
  const dot = (x: Float32Array, y: Float32Array) =>
    x.reduce((sum, value, at) => sum + value * (y[at] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

/** The word embeddings' gradient as PyTorch has it, a whole table. */
function wordTable(gradients: Gradients): Float32Array {
  const table = new Float32Array(tinyBertConfig.vocab_size * hidden);
  for (const [id, row] of gradients.words) table.set(row, id * hidden);
  return table;
}

describe.each(['cls', 'mean'] as const)('a BERT to train with %s pooling', (pooling) => {
  const open = () => openTrainingModel({ config: tinyBertConfig, weights, pooling, threads: 1 });
  const torch = (name: string) => reference.get(`${pooling}/${name}`)?.values ?? new Float32Array();

  it('gives the vectors of PyTorch', async () => {
    const model = await open();
    const vectors = await model.embed(passages);
    const expected = torch('vectors');
    expect(vectors.length).toBe(expected.length);
    for (const [at, value] of vectors.entries()) expect(value).toBeCloseTo(expected[at] ?? 0, 5);
    await model.close();
  });

  it('gives the gradients of PyTorch, for every weight', async () => {
    const model = await open();
    const found = none();
    await model.backward(passages, vectorGradient(13, passages.length), found);
    for (const { name } of model.parameters.values()) {
      const own = name.includes('word_embeddings')
        ? wordTable(found)
        : (found.dense.get(name) ?? new Float32Array());
      const expected = torch(name);
      expect(own.length, name).toBe(expected.length);
      const largest = Math.max(...expected.map(Math.abs));
      // Adding one number to all scores of a softmax changes nothing: the keys' biases have no gradient but noise.
      if (largest > 1e-5) expect(cosine(own, expected), name).toBeGreaterThan(0.9999);
      for (const [at, value] of own.entries())
        expect(Math.abs(value - (expected[at] ?? 0)), name).toBeLessThan(1e-3 * largest + 1e-6);
    }
    await model.close();
  });
});
