// The folder says to other libraries what they look for, and says the same as our own manifest.
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  modelProblems,
  readManifest,
  readModelWeights,
  writeModelFolder,
} from '../../../src/retrieval/encoder/model-folder.js';
import {
  encoderId,
  manifestSchema,
  onnxPath,
  quickOnnxPath,
} from '../../../src/retrieval/encoder/model-manifest.js';
import { writeSafetensors } from '../../../src/retrieval/encoder/safetensors.js';
import { writeFormatOne } from './format-one.js';
import { tinyContent, tinyWeights } from './tiny-model.js';

let dir: string;

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'interchange-test-'));
});
afterAll(() => rm(dir, { recursive: true, force: true }));

const json = async (...path: string[]) => JSON.parse(await readFile(join(dir, ...path), 'utf8'));

describe.each(['cls', 'mean'] as const)('a folder with %s pooling', (pooling) => {
  beforeAll(() =>
    writeModelFolder(join(dir, pooling), {
      ...tinyContent(3, pooling),
      name: 'tuned',
      base: 'bge-small-en-v1.5',
      card: '## Training\n\n1,500 pairs.\n',
    }),
  );

  it('names the steps of sentence-transformers, the pooling, the longest input and the prefixes', async () => {
    const modules: { type: string; path: string }[] = await json(pooling, 'modules.json');
    expect(modules.map(({ type, path }) => [type, path])).toEqual([
      ['sentence_transformers.models.Transformer', ''],
      ['sentence_transformers.models.Pooling', '1_Pooling'],
      ['sentence_transformers.models.Normalize', '2_Normalize'],
    ]);
    expect(await json(pooling, '1_Pooling', 'config.json')).toEqual({
      word_embedding_dimension: 32,
      pooling_mode_cls_token: pooling === 'cls',
      pooling_mode_mean_tokens: pooling === 'mean',
    });
    expect(await json(pooling, 'sentence_bert_config.json')).toMatchObject({ max_seq_length: 16 });
    expect(await json(pooling, 'config_sentence_transformers.json')).toMatchObject({
      prompts: { query: 'a ', document: '' },
    });
  });

  it('has tokenizer settings that agree with its tokenizer, and the longest input for transformers.js', async () => {
    expect(await json(pooling, 'tokenizer_config.json')).toMatchObject({
      tokenizer_class: 'BertTokenizer',
      model_max_length: 16,
      do_lower_case: true,
    });
    const special = Object.values(await json(pooling, 'special_tokens_map.json'));
    const { vocab } = (await json(pooling, 'tokenizer.json')).model;
    for (const token of special) expect(vocab).toHaveProperty([String(token)]);
  });

  it('keeps its graphs where transformers.js looks for them', async () => {
    expect((await readdir(join(dir, pooling, 'onnx'))).sort()).toEqual([
      'model.onnx',
      'model_quantized.onnx',
    ]);
    expect(await readdir(join(dir, pooling))).not.toContain('model.onnx');
  });

  it('has a model card with licence, base model and what it was tuned on', async () => {
    const card = await readFile(join(dir, pooling, 'README.md'), 'utf8');
    expect(card).toMatch(/^---\nlicense: "mit"\nbase_model: "BAAI\/bge-small-en-v1\.5"\n/);
    expect(card).toContain('library_name: sentence-transformers');
    expect(card).toContain('1,500 pairs.');
    expect(card).toContain(`pooling: '${pooling}'`);
  });

  it('lists every file with its checksum', async () => {
    const { files } = await readManifest(join(dir, pooling));
    const there = await readdir(join(dir, pooling), { recursive: true, withFileTypes: true });
    expect(there.filter((entry) => entry.isFile())).toHaveLength(Object.keys(files).length + 1);
    for (const [path, { sha256 }] of Object.entries(files))
      expect(
        createHash('sha256')
          .update(await readFile(join(dir, pooling, path)))
          .digest('hex'),
      ).toBe(sha256);
  });
});

describe('a folder of the first layout', () => {
  it('is read as before, and has the id it always had', async () => {
    await writeFormatOne(join(dir, 'old'), tinyContent(3));
    await writeModelFolder(join(dir, 'new'), tinyContent(3));
    const [old, fresh] = [await readManifest(join(dir, 'old')), await readManifest(join(dir, 'new'))];
    expect(encoderId(old)).toBe(encoderId(fresh));
    expect(encoderId(old)).toBe('tiny@de0f62e20ebd');
    expect(await modelProblems(join(dir, 'old'), old, true)).toEqual([]);
    expect(onnxPath(old)).toBe('model.onnx');
    expect(quickOnnxPath(old)).toBe('model.onnx');
    const { weights } = await readModelWeights(join(dir, 'old'));
    expect(writeSafetensors(weights)).toEqual(writeSafetensors(tinyWeights(3)));
  });
});

describe('a manifest', () => {
  it.each(['../../x', '/etc/x', 'a/../b', '.hidden', 'a\\b', ''])(
    'may not name the file %j',
    async (path) => {
      const manifest = await readManifest(join(dir, 'new'));
      const file = Object.values(manifest.files)[0];
      expect(manifestSchema.safeParse(manifest).success).toBe(true);
      expect(
        manifestSchema.safeParse({ ...manifest, files: { ...manifest.files, [path]: file } }).success,
      ).toBe(false);
    },
  );

  it('without one of the files that every model has is refused', async () => {
    const { files, ...manifest } = await readManifest(join(dir, 'new'));
    const { 'onnx/model.onnx': _, ...rest } = files;
    expect(manifestSchema.safeParse({ ...manifest, files: rest }).success).toBe(false);
  });
});
