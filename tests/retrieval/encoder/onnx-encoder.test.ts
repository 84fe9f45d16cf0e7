// The encoder gives the model's vectors for any text, puts questions first, and survives a crash of its worker.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { writeModelFolder } from '../../../src/retrieval/encoder/model-folder.js';
import { encoderId } from '../../../src/retrieval/encoder/model-manifest.js';
import { type OnnxEncoder, openEncoder } from '../../../src/retrieval/encoder/onnx-encoder.js';
import { writeFormatOne } from './format-one.js';
import { naiveBert, naivePool, tinyConfig, tinyContent, tinyWeights } from './tiny-model.js';

const log = pino({ level: 'silent' });
const closed: OnnxEncoder[] = [];
let dir: string;
let encoder: OnnxEncoder;

async function open(folder: string, threads = 2): Promise<OnnxEncoder> {
  const opened = await openEncoder(folder, { log, threads });
  closed.push(opened);
  return opened;
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'encoder-test-'));
  await writeModelFolder(join(dir, 'tiny'), tinyContent(5));
  encoder = await open(join(dir, 'tiny'));
});

afterAll(async () => {
  await Promise.all(closed.map((opened) => opened.close()));
  await rm(dir, { recursive: true, force: true });
});

const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, x, at) => sum + x * (b[at] ?? 0), 0);

describe('the encoder', () => {
  it('says what it is', () => {
    expect(encoder.name).toBe('tiny');
    expect(encoder.dimensions).toBe(32);
    expect(encoder.id).toMatch(/^tiny@[0-9a-f]{12}$/);
  });

  it('gives the vectors of the model, with the prefix on questions only', async () => {
    const [passage] = await encoder.encode(['clock tree'], 'passage');
    const [question] = await encoder.encode(['clock tree'], 'query');
    const expected = (ids: number[]) =>
      Float32Array.from(naivePool(naiveBert(tinyConfig, tinyWeights(5), ids), 'cls'));
    expect(dot(passage ?? new Float32Array(), expected([2, 5, 6, 3]))).toBeCloseTo(1, 5);
    // Questions go through the graph with weights of a byte each.
    expect(dot(question ?? new Float32Array(), expected([2, 11, 5, 6, 3]))).toBeGreaterThan(0.999);
  });

  it('gives questions the exact vectors when the folder has no graph of bytes', async () => {
    await writeFormatOne(join(dir, 'old', 'tiny'), tinyContent(5));
    const [question] = await (await open(join(dir, 'old', 'tiny'))).encode(['clock tree'], 'query');
    const exact = naivePool(naiveBert(tinyConfig, tinyWeights(5), [2, 11, 5, 6, 3]), 'cls');
    expect(dot(question ?? new Float32Array(), Float32Array.from(exact))).toBeCloseTo(1, 5);
  });

  it('keeps the order and gives each text the vector it has alone, whatever it is batched with', async () => {
    const texts = Array.from(
      { length: 600 },
      (_, at) => 'clock tree pin '.repeat(at % 7) + (at % 2 ? 'route' : 'place'),
    );
    const together = await encoder.encode(texts, 'passage');
    expect(together).toHaveLength(600);
    for (const at of [0, 1, 6, 255, 256, 599]) {
      const [alone] = await encoder.encode([texts[at] ?? ''], 'passage');
      expect(dot(alone ?? new Float32Array(), together[at] ?? new Float32Array())).toBeCloseTo(1, 5);
    }
  });

  it('gives the same vectors with one thread as with several', async () => {
    const texts = ['clock tree', 'pin', 'route the clock tree', ''];
    const several = await encoder.encode(texts, 'query');
    const lone = await (await open(join(dir, 'tiny'), 1)).encode(texts, 'query');
    lone.forEach((vector, at) => {
      expect(dot(vector, several[at] ?? new Float32Array())).toBeCloseTo(1, 5);
    });
  });

  it('gives a unit vector for empty, odd and huge texts, and nothing for no text', async () => {
    const texts = ['', ' ', '\u0000', '\ud800', '[CLS][SEP]', '時'.repeat(100_000), 'x'.repeat(2_000_000)];
    for (const kind of ['query', 'passage'] as const)
      for (const vector of await encoder.encode(texts, kind)) {
        expect(vector).toHaveLength(32);
        expect(dot(vector, vector)).toBeCloseTo(1, 5);
      }
    expect(await encoder.encode([], 'passage')).toEqual([]);
  });

  it('answers a question before a bulk of passages that came first', async () => {
    const done: string[] = [];
    const bulk = encoder.encode(Array(20_000).fill('clock tree'), 'passage').then(() => done.push('bulk'));
    const question = encoder.encode(['clock'], 'query').then(() => done.push('question'));
    await Promise.all([bulk, question]);
    expect(done).toEqual(['question', 'bulk']);
  });

  it('gives each of many questions at once its own vectors, beside passages', async () => {
    const asked = Array.from({ length: 30 }, (_, at) =>
      Array.from(
        { length: at % 5 },
        (_, part) => `${'clock tree '.repeat(part + 1)}${at % 2 ? 'pin' : 'route'}`,
      ),
    );
    const alone: Float32Array[][] = [];
    for (const texts of asked) alone.push(await encoder.encode(texts, 'query'));
    const bulk = encoder.encode(Array(2_000).fill('clock tree'), 'passage');
    const together = await Promise.all(asked.map((texts) => encoder.encode(texts, 'query')));
    together.forEach((vectors, question) => {
      expect(vectors).toHaveLength(question % 5);
      vectors.forEach((vector, at) => {
        expect(dot(vector, alone[question]?.[at] ?? new Float32Array())).toBeCloseTo(1, 5);
      });
    });
    expect(await bulk).toHaveLength(2_000);
  });

  it('rejects what was under way when its worker dies, and starts a new one for the next call', async () => {
    const fragile = await open(join(dir, 'tiny'));
    const [worker] = await fragile.start();
    const bulk = fragile.encode(Array(20_000).fill('clock tree'), 'passage');
    const rejected = expect(bulk).rejects.toMatchObject({ code: 'encoder_unavailable', retryable: true });
    await worker?.terminate();
    await rejected;
    const [vector] = await fragile.encode(['clock'], 'passage');
    expect(vector).toHaveLength(32);
  });

  it('rejects calls after it was closed, and calls that were waiting', async () => {
    const brief = await open(join(dir, 'tiny'));
    const waiting = brief.encode(Array(20_000).fill('clock tree'), 'passage');
    const rejected = expect(waiting).rejects.toMatchObject({ code: 'encoder_unavailable' });
    await new Promise((resolve) => setImmediate(resolve));
    await brief.close();
    await brief.close();
    await rejected;
    await expect(brief.encode(['clock'], 'query')).rejects.toMatchObject({ code: 'encoder_unavailable' });
  });
});

/** Writes nonsense of the same length over a file; returns what puts it right again. */
async function garble(path: string): Promise<() => Promise<void>> {
  const whole = await readFile(path);
  await writeFile(path, new Uint8Array(whole.length).fill(0xff));
  return () => writeFile(path, whole);
}

describe('opening an encoder', () => {
  it('says what is missing', async () => {
    await expect(open(join(dir, 'none'))).rejects.toMatchObject({ code: 'model_missing' });
  });

  it('refuses a model that is not whole', async () => {
    const folder = join(dir, 'half');
    await writeModelFolder(folder, tinyContent());
    await writeFile(
      join(folder, 'onnx', 'model.onnx'),
      (await readFile(join(folder, 'onnx', 'model.onnx'))).subarray(0, 100),
    );
    await expect(open(folder)).rejects.toMatchObject({ code: 'model_corrupt' });
  });

  it('refuses a graph that the runtime cannot load, and opens it once it is whole again', async () => {
    const folder = join(dir, 'garbled');
    await writeModelFolder(folder, tinyContent());
    const mend = await garble(join(folder, 'onnx', 'model_quantized.onnx'));
    await expect(open(folder)).rejects.toMatchObject({ code: 'encoder_unavailable' });
    await mend();
    expect((await open(folder)).dimensions).toBe(32);
  });

  it('encodes questions, and passages once their graph is whole again', async () => {
    const folder = join(dir, 'half-garbled');
    await writeModelFolder(folder, tinyContent());
    const mend = await garble(join(folder, 'onnx', 'model.onnx'));
    const opened = await open(folder);
    expect(await opened.encode(['clock'], 'query')).toHaveLength(1);
    await expect(opened.encode(['clock'], 'passage')).rejects.toMatchObject({ code: 'encoder_unavailable' });
    await mend();
    expect(await opened.encode(['clock'], 'passage')).toHaveLength(1);
  });

  it('gives another id to other weights and to other ways of using them', async () => {
    const ids = new Set<string>();
    const base = tinyContent();
    const contents = [
      base,
      tinyContent(2),
      { ...base, traits: { ...base.traits, pooling: 'mean' as const } },
      { ...base, traits: { ...base.traits, queryPrefix: 'the ' } },
      { ...base, traits: { ...base.traits, maxTokens: 8 } },
    ];
    for (const content of contents) ids.add(encoderId(await writeModelFolder(join(dir, 'varied'), content)));
    expect(ids.size).toBe(5);
  });
});
