// `chipwright tune` that is killed in each of its stages, with another process answering all the while.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
} from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { BertWeights } from '../../src/retrieval/encoder/bert-weights.js';
import { readManifest, writeModelFolder } from '../../src/retrieval/encoder/model-folder.js';
import { GENERAL_QUESTIONS } from '../../src/training/general-questions.js';
import { tinyContent, tinyWeights } from '../retrieval/encoder/tiny-model.js';
import { HANDBOOK_DOCUMENTS } from '../support/handbook-documents.js';
import { type Bench, openBench } from '../support/run-chipwright.js';

vi.setConfig({ testTimeout: 1_800_000, hookTimeout: 120_000 });

const BASE = 'bge-small-en-v1.5';
const POOR = `${BASE}-tuned-20260101`;

/** Words of all texts that the gate looks at, the most frequent first. */
const words = (() => {
  const counts = new Map<string, number>();
  const general = GENERAL_QUESTIONS.corpus.map(({ title, text }) => `${title} ${text}`);
  for (const text of [...Object.values(HANDBOOK_DOCUMENTS), ...general]) {
    for (const word of text.toLowerCase().match(/[a-z]{3,}/g) ?? [])
      counts.set(word, 1 + (counts.get(word) ?? 0));
  }
  return [...counts].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([word]) => word);
})();

/** Words that tell nothing. */
const COMMON = 60;

/** Two small models: one whose vectors are the sum of a text's words, and one to which all words are the same. */
async function layModels(data: string): Promise<void> {
  const content = tinyContent(1, 'mean');
  const tokenizer = JSON.parse(new TextDecoder().decode(content.tokenizer));
  tokenizer.truncation.max_length = 64;
  const known = Object.keys(tokenizer.model.vocab);
  const told = new Set(words.slice(COMMON));
  for (const word of words) if (!known.includes(word)) tokenizer.model.vocab[word] = known.push(word) - 1;
  const hidden = 128;
  const config = { ...content.config, vocab_size: known.length, hidden_size: hidden, num_hidden_layers: 1 };
  const shared = {
    ...{ ...content, config, tokenizer: new TextEncoder().encode(JSON.stringify(tokenizer)) },
    traits: { ...content.traits, maxTokens: 64 },
  };
  const named = (isTold: (word: string) => boolean): BertWeights =>
    new Map(
      [...tinyWeights(1, config)].map(([name, { dims, values }]) => [
        name,
        {
          dims,
          values: values.map((value, at) => {
            if (name.endsWith('LayerNorm.weight')) return 1;
            if (!name.endsWith('word_embeddings.weight')) return 0;
            return isTold(known[Math.floor(at / hidden)] ?? '') ? value : (values[at % hidden] ?? 0) / 100;
          }),
        },
      ]),
    );
  const weights = named((word) => told.has(word));
  await writeModelFolder(join(data, 'models', BASE), { ...shared, name: BASE, weights });
  const poor = named(() => false);
  await writeModelFolder(join(data, 'models', POOR), { ...shared, name: POOR, base: BASE, weights: poor });
}

let bench: Bench;
beforeEach(async () => {
  bench = await openBench();
});
afterEach(() => bench.close());

const figures = (stdout: string) => {
  const { seconds: _seconds, report: _report, training, ...rest } = JSON.parse(stdout);
  return { steps: training.steps, tokens: training.tokens, ...rest };
};

it('goes on after each kill, ends with the same model, and makes it answer once', async () => {
  await layModels(bench.data);
  await bench.write(HANDBOOK_DOCUMENTS);
  await bench.run(['ingest', 'docs']);
  expect((await bench.run(['models', 'use', POOR])).code).toBe(0);
  const before = `${bench.data}-before`;
  cpSync(bench.data, before, { recursive: true });

  const tune = ['tune', '--samples', '260', '--json'];
  const whole = await bench.run(tune);
  const expected = figures(whole.stdout);
  expect(expected.published).toBe(true);
  expect(expected.candidates).toHaveLength(2);
  expect(await readFile(JSON.parse(whole.stdout).report, 'utf8')).toContain('Held-out documents');
  const tuned = join(bench.data, 'models', expected.name);
  const { weights } = await readManifest(tuned);
  const live = () => readFileSync(join(bench.data, 'index.live'), 'utf8').trim();
  expect(live()).toBe('3');

  rmSync(bench.data, { recursive: true });
  cpSync(before, bench.data, { recursive: true });
  rmSync(before, { recursive: true });
  const made = (...path: string[]) => existsSync(join(bench.data, ...path));
  const run = (file: string) => made('training', 'run', file);
  const stages: Record<string, (said: string) => boolean> = {
    mining: (said) => said.includes('"negatives') || run('prepared.json'),
    training: () => run('checkpoints') || run('trained.json'),
    'building the index': () => made('index-3.sqlite'),
    publishing: () => live() === '3',
  };
  // Where the report will stand: so that no run comes to its end before it is killed, however late that is.
  const obstacle = join(bench.data, 'training', `${expected.name}.html`);
  mkdirSync(obstacle, { recursive: true });
  let answering = '2';
  for (const [stage, isReached] of Object.entries(stages)) {
    const killed = bench.start(tune);
    let over = false;
    void killed.ended.then(() => {
      over = true;
    });
    while (!over && !isReached(killed.stderr())) await sleep(20);
    expect(isReached(killed.stderr()), stage).toBe(true);
    killed.kill('SIGKILL');
    await killed.ended;
    // The old generation answers until the new one is whole, and nothing goes back to it.
    expect([answering, '3'], stage).toContain(live());
    answering = live();
    if (!made('index-3.sqlite')) continue;
    const found = await bench.run(['search', 'retention of logs', '--json']);
    expect(found.code, `${stage}: ${found.stderr}`).toBe(0);
    expect(JSON.parse(found.stdout).passages.length, stage).toBeGreaterThan(0);
  }
  expect(answering).toBe('3');
  rmdirSync(obstacle);
  const { mtimeMs } = statSync(join(bench.data, 'index.live'));
  const last = await bench.run(tune);
  expect(figures(last.stdout)).toEqual(expected);
  expect((await readManifest(tuned)).weights).toBe(weights);
  expect(live()).toBe('3');
  expect(statSync(join(bench.data, 'index.live')).mtimeMs).toBe(mtimeMs);
  const models = (await bench.run(['models', 'list'])).stdout;
  expect(models).toContain(`* ${expected.name}`);
  expect(made('training', 'run')).toBe(false);
  expect(readdirSync(bench.data).filter((name) => /^index(-\d+)?\.sqlite$/.test(name))).toHaveLength(3);
});

it('judges a mean nearer to the base when nothing else passes, and changes nothing when that does not either', async () => {
  await layModels(bench.data);
  await bench.write(HANDBOOK_DOCUMENTS);
  await bench.run(['ingest', 'docs']);
  // A few small steps move no ranking of a model that knows all the words.
  const { stdout } = await bench.run(['tune', '--samples', '260', '--json']);
  const { published, candidates } = JSON.parse(stdout);
  expect(published).toBe(false);
  const labels = candidates.map(({ label }: { label: string }) => label);
  expect(labels).toEqual(['tuned', 'merged, 70 %', 'merged, 40 %']);
  for (const { reasons } of candidates) expect(reasons).toContain('It is not measurably better anywhere.');
  expect((await bench.run(['models', 'list'])).stdout).toContain(`* ${BASE}`);
});
