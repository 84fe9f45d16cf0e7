// The encoder's vectors are those of inference, and its gradients those of PyTorch.
import { readFile } from 'node:fs/promises';
import { describe, expect, it } from 'vitest';
import { readSafetensors } from '../../src/retrieval/encoder/safetensors.js';
import { openTrainingModel } from '../../src/training/bert-training-model.js';
import type { Gradients } from '../../src/training/training-model.js';
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

  it('gives a text the same vector and the same gradients whatever else is in its batch', async () => {
    const model = await open();
    const towards = vectorGradient(13, passages.length);
    const [together, alone] = [none(), none()];
    await model.backward(passages, towards, together);
    const vectors = await model.embed(passages);
    for (const [at, passage] of passages.entries()) {
      const part = (of: Float32Array) => of.slice(at * hidden, (at + 1) * hidden);
      await model.backward([passage], part(towards), alone);
      expect(cosine(await model.embed([passage]), part(vectors))).toBeGreaterThan(0.999999);
    }
    expect(new Set(alone.words.keys())).toEqual(new Set(together.words.keys()));
    expect(cosine(wordTable(alone), wordTable(together))).toBeGreaterThan(0.99999);
    for (const [name, sum] of together.dense) {
      if (name.endsWith('key.bias')) continue;
      expect(cosine(alone.dense.get(name) ?? new Float32Array(), sum), name).toBeGreaterThan(0.99999);
    }
    await model.close();
  });

  it('adds to the sums it is given, in their place', async () => {
    const model = await open();
    const sums = none();
    const towards = vectorGradient(13, passages.length);
    await model.backward(passages, towards, sums);
    const once = new Map(Array.from(sums.dense, ([name, sum]) => [name, sum.slice()]));
    const arrays = new Map(sums.dense);
    await model.backward(passages, towards, sums);
    for (const [name, sum] of sums.dense) {
      expect(sum).toBe(arrays.get(name));
      const largest = Math.max(...sum.map(Math.abs));
      for (const [at, value] of sum.entries())
        expect(Math.abs(value - 2 * (once.get(name)?.[at] ?? 0)), name).toBeLessThanOrEqual(
          1e-4 * largest + 1e-6,
        );
    }
    await model.close();
  });

  it('sees at once what an optimiser changes in place, and leaves the given weights alone', async () => {
    const model = await open();
    const before = await model.embed(passages);
    for (const { values } of model.parameters.values())
      for (const [at, value] of values.entries()) values[at] = value * 0.9 + 0.01 * Math.sin(at);
    const after = await model.embed(passages);
    expect(cosine(before, after)).toBeLessThan(0.999);
    const changed = await openTrainingModel({ config: tinyBertConfig, weights: model.parameters, pooling });
    expect(await changed.embed(passages)).toEqual(after);
    const again = await open();
    expect(await again.embed(passages)).toEqual(before);
    for (const each of [model, changed, again]) await each.close();
  });

  it('takes an empty batch, and refuses texts that no encoder could read', async () => {
    const model = await open();
    expect(await model.embed([])).toEqual(new Float32Array(0));
    const sums = none();
    await model.backward([], new Float32Array(0), sums);
    expect(sums.dense.size + sums.words.size).toBe(0);
    await expect(model.embed([[2, 3], []])).rejects.toThrow('text 1 of the batch has no tokens');
    await expect(model.embed([[2, 60, 3]])).rejects.toThrow('token 60 of text 0');
    await expect(model.embed([Array.from({ length: 25 }, () => 5)])).rejects.toThrow(
      '25 tokens, more than 24',
    );
    await expect(model.backward([[2, 3]], new Float32Array(3), sums)).rejects.toThrow('gradient');
    await model.close();
  });
});

it('refuses weights that do not fit the configuration', async () => {
  const config = { ...tinyBertConfig, num_hidden_layers: 3 };
  await expect(openTrainingModel({ config, weights, pooling: 'cls' })).rejects.toMatchObject({
    code: 'model_corrupt',
  });
});
