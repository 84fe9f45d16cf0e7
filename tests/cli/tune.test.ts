// `chipwright tune` and `chipwright models use`, run as people run them, on a tiny encoder and the handbook.
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import {
  readManifest,
  readModelWeights,
  writeModelFolder,
} from '../../src/retrieval/encoder/model-folder.js';
import type { TuningRecord } from '../../src/retrieval/encoder/tuning-record.js';
import { tinyContent, tinyWeights } from '../retrieval/encoder/tiny-model.js';
import { FLOW_DOCUMENTS } from '../support/flow-documents.js';
import { HANDBOOK_DOCUMENTS } from '../support/handbook-documents.js';
import { layTinyEncoder } from '../support/lay-encoder.js';
import { type Bench, openBench } from '../support/run-chipwright.js';
import { sampleRecord } from '../support/tuning-record.js';

vi.setConfig({ testTimeout: 600_000 });

const BASE = 'bge-small-en-v1.5';
const TUNED = `${BASE}-tuned-20260101`;

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
  await layTinyEncoder(bench.data);
});
afterEach(() => bench.close());

describe('chipwright tune', () => {
  it('declines to learn from a few pages, and changes nothing', async () => {
    await bench.write(Object.fromEntries(Object.entries(FLOW_DOCUMENTS).map(([k, v]) => [`docs/${k}`, v])));
    await bench.run(['ingest', 'docs']);
    const { code, stderr } = await bench.run(['tune']);
    expect(code).toBe(1);
    expect(stderr).toMatch(
      /passages of the index give \d+ pairs .*Nothing was changed\.\nIndex more documents/s,
    );
    expect((await bench.run(['models', 'list'])).stdout).not.toContain('tuned');
  });

  it('declines to learn from one page over and over, from another language and from noise, and changes nothing', async () => {
    const random = seededRandom(5);
    const noise = (size: number) => Uint8Array.from({ length: size }, () => 256 * random());
    const printable = () =>
      Array.from({ length: 3_000 }, () => String.fromCharCode(33 + 90 * random())).join('');
    const page = HANDBOOK_DOCUMENTS['docs/tuning.md'] ?? '';
    const foreign = (at: number) =>
      `# Seite ${at}\n\nDer Befehl \`setze-${at}\` legt die höchste Temperatur fest, die der Ofen während eines Laufs erreichen darf.\n\n` +
      `| Option | Bedeutung |\n|---|---|\n| \`--grad-${at}\` | die Temperatur in Grad, bei der die Steuerung den Ofen anhält |\n`;
    await bench.write(
      Object.fromEntries(
        Array.from({ length: 20 }, (_, at): [string, string | Uint8Array][] => [
          [`docs/copies/${at}.md`, page],
          [`docs/foreign/${at}.md`, foreign(at)],
          [`docs/noise/${at}.md`, at % 2 === 0 ? noise(6_000) : printable()],
          [`docs/noise/${at}.txt`, printable()],
        ]).flat(),
      ),
    );
    await bench.run(['ingest', 'docs']);
    const { code, stderr } = await bench.run(['tune']);
    expect(code).toBe(1);
    const [, passages, pairs] = /The (\d+) passages of the index give (\d+) pairs/.exec(stderr) ?? [];
    expect(Number(passages)).toBeGreaterThan(150);
    expect(Number(pairs)).toBeLessThan(100);
    expect(stderr).toContain('Nothing was changed.\nIndex more documents in English');
    expect((await bench.run(['models', 'list'])).stdout).not.toContain('tuned');
  });

  it('wants something to learn from, all three files of questions, and a base that fits', async () => {
    expect((await bench.run(['tune'])).stderr).toContain('Nothing is indexed yet.');
    const half = await bench.run(['tune', '--queries', 'q.jsonl']);
    expect(half).toMatchObject({ code: 2 });
    expect(half.stderr).toContain('--corpus, --queries and --qrels belong together.');
    const other = await bench.run(['tune', '--base', 'all-MiniLM-L6-v2']);
    expect(other).toMatchObject({ code: 2 });
    expect(other.stderr).toContain(`is not ${BASE}, nor tuned from it.`);
    expect((await bench.run(['tune', '--samples', '199'])).code).toBe(2);
  });

  it('writes the pairs for a person to read', async () => {
    await bench.write(HANDBOOK_DOCUMENTS);
    await bench.run(['ingest', 'docs']);
    const { code, stdout } = await bench.run(['tune', '--samples', '260', '--pairs-only', '--json']);
    expect(code).toBe(0);
    const { pairs, file } = JSON.parse(stdout);
    const lines = (await readFile(file, 'utf8'))
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines).toHaveLength(pairs);
    expect(pairs).toBeGreaterThanOrEqual(200);
    for (const { question, passage } of lines) expect(question.length && passage.text.length).toBeTruthy();
  });
});

const layTuned = async (name = TUNED, tuning?: TuningRecord) => {
  const { config, traits, ...content } = tinyContent();
  await writeModelFolder(join(bench.data, 'models', name), {
    ...content,
    config,
    traits,
    name,
    base: BASE,
    weights: tinyWeights(99, config),
    ...(tuning === undefined ? {} : { tuning }),
  });
};

describe('chipwright models list', () => {
  it('shows when a model was tuned, from how much, and what changed', async () => {
    await layTuned(TUNED);
    await layTuned(`${BASE}-tuned-1`, sampleRecord('2026-01-01T09:00:00.000Z', { questions: false }));
    await layTuned(`${BASE}-tuned-2`, sampleRecord('2026-02-01T09:00:00.000Z'));
    const lines = (await bench.run(['models', 'list'])).stdout.trim().split('\n');
    const tuned = lines.slice(lines.findIndex((line) => line.includes('-tuned-')));
    expect(tuned.map((line) => line.replace(/ \(32.*/, ''))).toEqual([
      `  ${BASE}-tuned-2`,
      '    2026-02-01, 1200 pairs; nDCG@10 of your questions: dense +.047 [+.027, +.067], hybrid -.013 [-.033, +.007]',
      `  ${BASE}-tuned-1`,
      '    2026-01-01, 1200 pairs; nDCG@10 of held-out documents: dense +.061 [+.041, +.081], hybrid +.031 [+.011, +.051]',
      `  ${TUNED}`,
    ]);
    const { models } = JSON.parse((await bench.run(['models', 'list', '--json'])).stdout);
    const byName = new Map(models.map((model: { name: string }) => [model.name, model]));
    expect(byName.get(`${BASE}-tuned-2`)).toMatchObject({ tuning: sampleRecord('2026-02-01T09:00:00.000Z') });
    expect(byName.get(TUNED)).toMatchObject({ tuning: null, base: BASE });
  });
});

describe('chipwright models use', () => {
  it('answers with a tuned model, in a new process too, and goes back', async () => {
    await bench.write(Object.fromEntries(Object.entries(FLOW_DOCUMENTS).map(([k, v]) => [`docs/${k}`, v])));
    await bench.run(['ingest', 'docs']);
    await layTuned();
    const used = await bench.run(['models', 'use', TUNED]);
    expect(used.code).toBe(0);
    expect((await bench.run(['models', 'list'])).stdout).toContain(`* ${TUNED}`);
    const found = await bench.run(['search', 'clock tree', '--mode', 'dense', '--json']);
    expect(JSON.parse(found.stdout).passages.length).toBeGreaterThan(0);
    // Documents that come later are encoded by the model that answers.
    await bench.write({ 'docs/late.md': '# Late\n\nThe clock tree of the late block.\n' });
    expect((await bench.run(['ingest', 'docs', '--json'])).stderr).not.toContain('built with');
    const back = await bench.run(['models', 'use', BASE]);
    expect(back.code).toBe(0);
    expect((await bench.run(['models', 'list'])).stdout).toContain(`* ${BASE}`);
    const late = await bench.run(['search', 'late block', '--mode', 'lexical', '--json']);
    expect(late.stdout).toContain('late.md');
  });

  it('refuses a model of another base, and one that is damaged, and changes nothing', async () => {
    await bench.write({ 'docs/a.md': '# A\n\nThe clock tree.\n' });
    await bench.run(['ingest', 'docs']);
    const other = await bench.run(['models', 'use', 'all-MiniLM-L6-v2']);
    expect(other.code).toBe(2);
    expect(other.stderr).toContain(`is not ${BASE}, nor tuned from it.`);
    await layTuned();
    const folder = join(bench.data, 'models', TUNED);
    expect((await readManifest(folder)).base).toBe(BASE);
    expect((await readModelWeights(folder)).weights.size).toBeGreaterThan(0);
    await rm(join(folder, 'tokenizer.json'));
    const damaged = await bench.run(['models', 'use', TUNED]);
    expect(damaged.code).toBe(1);
    expect((await bench.run(['models', 'list'])).stdout).toContain(`* ${BASE}`);
  });
});
