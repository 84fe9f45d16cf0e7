// `chipwright eval make-questions` of the compiled program: answered line by line, stopped and taken up, and what it writes.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { MANUAL } from '../support/manual-corpus.js';
import { type Bench, openBench } from '../support/run-chipwright.js';

vi.setConfig({ testTimeout: 300_000 });

let bench: Bench;
beforeAll(async () => {
  bench = await openBench();
  const page = ({ title, sections }: (typeof MANUAL)[number]) =>
    `# ${title}\n\n${sections.map(([path, text]) => `## ${path.at(-1)}\n\n${text}\n`).join('\n')}`;
  await bench.write(Object.fromEntries(MANUAL.map((each) => [`manual/${each.path}`, page(each)])));
  await bench.run(['ingest', 'manual', '--name', 'manual']);
}, 300_000);
afterAll(() => bench.close());

const make = (args: readonly string[], input?: string) =>
  bench.run(['eval', 'make-questions', ...args], input === undefined ? {} : { input });
const lines = async (file: string) =>
  (await readFile(join(bench.folder, file), 'utf8'))
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));

describe('chipwright eval make-questions', () => {
  it('shows each draft with its passage, and takes a decision a line', async () => {
    const { code, stdout } = await make(
      ['--count', '4', '--out', 'mine'],
      'a\ne\nHow hot does it get?\nx\nd\na\n',
    );
    expect(code).toBe(0);
    expect(stdout).toMatch(/1 of 4, 0 accepted\n\n {2}\S.*\n\n {2}The .*\n {2}\w+\.md:\d+\n {2}\| /);
    expect(stdout).toContain('3 questions accepted.');
    expect((await lines('mine/queries.jsonl')).map(({ text }) => text)).toContain('How hot does it get?');
    // A question with two needs has two right passages.
    const judged = await lines('mine/qrels.jsonl');
    expect(new Set(judged.map(({ query_id }) => query_id)).size).toBe(3);
  });

  it('goes on where it stopped', async () => {
    const first = await make(['--count', '5', '--out', 'later'], 'a\nd\nq\n');
    expect(first.stdout).toContain('1 question accepted. 3 are left; run the same command to go on.');
    const second = await make(['--count', '5', '--out', 'later'], 'a\n');
    expect(second.stdout).toMatch(/^\n3 of 5, 1 accepted\n/);
    expect(second.stdout).toContain('2 questions accepted. 2 are left');
    const all = await make(['--count', '6', '--out', 'later', '--yes']);
    expect(all.stdout).toContain('5 questions accepted.');
  });

  it('writes a set that eval retrieval measures', async () => {
    await make(['--count', '20', '--out', 'all', '--yes']);
    const { code, stdout } = await bench.run([
      ...['eval', 'retrieval', '--mode', 'lexical', '--json'],
      ...['--corpus', 'all/corpus.jsonl', '--queries', 'all/queries.jsonl', '--qrels', 'all/qrels.jsonl'],
    ]);
    expect(code).toBe(0);
    expect(JSON.stringify(JSON.parse(stdout))).toContain('"n":20');
  });

  it('says that nothing was accepted, and writes no test set', async () => {
    const { code, stdout } = await make(['--count', '2', '--out', 'none'], '');
    expect([code, stdout]).toEqual([0, expect.stringContaining('No question is accepted yet. 2 are left')]);
    await expect(readFile(join(bench.folder, 'none/queries.jsonl'))).rejects.toThrow();
  });

  it.each([
    [['--count', '0'], '--count is "0".'],
    [['--seed', 'x'], '--seed is "x".'],
    [['--source', 'nowhere'], 'There is no source named nowhere in the index.'],
  ])('refuses %j in one sentence', async (args, sentence) => {
    const { code, stderr } = await make([...args, '--out', 'bad'], '');
    expect([code, stderr]).toEqual([2, expect.stringContaining(sentence)]);
  });
});
