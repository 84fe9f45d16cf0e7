// `chipwright eval retrieval` of the compiled program: what it prints, writes and refuses.
import { existsSync } from 'node:fs';
import { appendFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { layTinyEncoder } from '../support/lay-encoder.js';
import { type Bench, openBench } from '../support/run-chipwright.js';

vi.setConfig({ testTimeout: 300_000 });

let bench: Bench;
let env: { CHIPWRIGHT_DATA: string };
const lines = (...entries: object[]) => entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
const files = ['--corpus', 'c.jsonl', '--queries', 'q.jsonl', '--qrels', 'r.jsonl'];

beforeAll(async () => {
  bench = await openBench();
  env = { CHIPWRIGHT_DATA: join(bench.folder, 'encoded') };
  await layTinyEncoder(env.CHIPWRIGHT_DATA);
  await layTinyEncoder(env.CHIPWRIGHT_DATA, 'all-MiniLM-L6-v2');
  await bench.write({
    'c.jsonl': lines(
      { id: 'p1', title: 'Clock', text: 'The clock tree balances the skew.' },
      { id: 'p2', title: 'Route', text: 'The router places pins and draws wires.' },
      { id: 'p3', title: 'Power', text: 'The toggle rate is read from a waveform.' },
    ),
    'q.jsonl': lines({ id: 'q1', text: 'Which skew has the clock?' }, { id: 'q2', text: 'Who draws wires?' }),
    'r.jsonl': lines(
      { query_id: 'q1', doc_id: 'p1', relevance: 1 },
      { query_id: 'q2', doc_id: 'p2', relevance: 1 },
    ),
  });
});
afterAll(() => bench.close());

const evaluate = (...args: string[]) => bench.run(['eval', 'retrieval', ...files, ...args], { env });
const json = async (...args: string[]) => {
  const { code, stdout, stderr } = await evaluate(...args, '--json');
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};

describe('chipwright eval retrieval', () => {
  it('scores one way of searching', async () => {
    const result = await json('--mode', 'lexical');
    expect(result).toMatchObject({ mode: 'lexical', encoder: null, without: [], n: 2, passages: 3 });
    expect(result['microRecall@1'].value).toBe(1);
    expect(result['MRR@10']).toMatchObject({ value: 1, low: 1, high: 1 });
    expect(result.questions).toEqual([
      { id: 'q1', ours: 1, found: expect.arrayContaining(['p1']) },
      { id: 'q2', ours: 1, found: expect.arrayContaining(['p2']) },
    ]);
  });

  it('compares two modes', async () => {
    const result = await json('--against', 'lexical');
    expect(result).toMatchObject({
      mode: 'hybrid',
      encoder: 'bge-small-en-v1.5',
      against: { mode: 'lexical', encoder: null },
    });
    const [ours, theirs] = [result['hit@1'].value, result.against['hit@1'].value];
    expect(result.difference['hit@1'].value).toBeCloseTo(ours - theirs, 9);
    const { stdout } = await evaluate('--against', 'lexical');
    expect(stdout).toMatch(/^2 questions, 3 passages\nA {2}bge-small-en-v1\.5, hybrid\nB {2}lexical\n/);
    expect(stdout).toMatch(/^MRR@10 +\S+ \[.+\] +\S+ \[.+\] +[ +-]\S+ \[.+\]/m);
  });

  it('compares two models, and encodes the corpus once for each', async () => {
    const args = ['--against', 'all-MiniLM-L6-v2', 'dense', 'without=clauses,pairs'];
    expect(await json(...args)).toMatchObject({
      encoder: 'bge-small-en-v1.5',
      without: [],
      against: { encoder: 'all-MiniLM-L6-v2', mode: 'dense', without: ['clauses', 'pairs'] },
    });
    const kept = join(env.CHIPWRIGHT_DATA, 'evaluation');
    const before = await readdir(kept);
    const again = await evaluate(...args, '--json');
    expect(again.stderr).not.toContain('passages encoded');
    expect(await readdir(kept)).toEqual(before);
  });

  it('switches each part off in turn', async () => {
    const { parts } = await json('--ablation', '--without', 'pairs');
    expect(parts.map(({ part }: { part: string }) => part)).toEqual(
      expect.arrayContaining(['clauses', 'lexical', 'dense', 'headings']),
    );
    expect(parts.map(({ part }: { part: string }) => part)).not.toContain('pairs');
    expect((await evaluate('--ablation')).stdout).toMatch(/^What each part adds.*\n.+\nlexical +[ +-]\./m);
  });

  it('writes a report, and still prints', async () => {
    const { code, stdout } = await evaluate('--report', 'out.html', '--json');
    expect([code, JSON.parse(stdout).n]).toEqual([0, 2]);
    const page = await readFile(join(bench.folder, 'out.html'), 'utf8');
    expect(page).toMatch(/^<!doctype html>/);
    expect(page).toContain('What each part adds');
    expect(page).toContain('c.jsonl, q.jsonl, r.jsonl');
  });

  it('reports to nobody: the runtime of the encoder keeps no diary in the home folder', async () => {
    const home = join(bench.folder, 'home');
    await mkdir(home);
    const { code } = await bench.run(['eval', 'retrieval', ...files], { env: { ...env, HOME: home } });
    expect([code, await readdir(home)]).toEqual([0, []]);
  });

  it.each([
    [
      ['--model', 'bge-smal-en-v1.5'],
      /--model knows no "bge-smal-en-v1\.5"\. Did you mean bge-small-en-v1\.5\?/,
    ],
    [['--against', 'lexcal'], /--against knows no "lexcal"\. Did you mean lexical\?/],
    [['--against', 'without=clause'], /--against knows no "clause"\. Did you mean clauses\?/],
    [['--without', 'gravity'], /--without knows no "gravity"\.\nGive some of lexical,/],
    [['--mode', 'psychic'], /--mode is "psychic"/],
    [['--report', 'nowhere/out.html'], /nowhere\/out\.html cannot be written/],
    [['--report', '.'], /\. cannot be written/],
  ])('refuses %j before any work, with what is allowed', async (args, sentence) => {
    const { code, stdout, stderr } = await evaluate(...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(sentence);
    expect(stderr).toMatch(/^chipwright: .+\n.+\n$/);
  });

  it('does not measure something else when the model cannot be had', async () => {
    const { code, stdout, stderr } = await bench.run(['eval', 'retrieval', ...files]);
    expect([code, stdout]).toEqual([1, '']);
    expect(stderr).toMatch(/bge-small-en-v1\.5 could not be fetched/);
  });

  it('names the file and the line that are wrong', async () => {
    await appendFile(join(bench.folder, 'q.jsonl'), '{"id": 7}\n');
    const { code, stderr } = await evaluate();
    expect(code).toBe(2);
    expect(stderr).toMatch(/^chipwright: q\.jsonl: line 3: id: .+\n.+\n$/);
  });
});

const ordQa = '../shared/data/ord-qa';
describe('the retriever on ORD-QA', () => {
  it.skipIf(!existsSync(ordQa))('finds by words alone at least what is known to be possible', async () => {
    const file = (name: string) => join(process.cwd(), ordQa, `${name}.jsonl`);
    const set = ['--corpus', file('corpus'), '--queries', file('queries'), '--qrels', file('qrels')];
    const run = await bench.run(['eval', 'retrieval', ...set, '--mode', 'lexical', '--json']);
    const result = JSON.parse(run.stdout);
    expect(result['microRecall@5'].value).toBeGreaterThanOrEqual(0.67);
    expect(result['microRecall@10'].value).toBeGreaterThanOrEqual(0.76);
    expect(result['microRecall@20'].value).toBeGreaterThanOrEqual(0.83);
  });
});
