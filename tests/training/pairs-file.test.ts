// A file of pairs: written whole, read back the same, and a bad line named.
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { readPairs, writePairs } from '../../src/training/pairs-file.js';
import type { TrainingExample } from '../../src/training/training-example.js';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'chipwright-pairs-'));
});
afterAll(() => rm(folder, { recursive: true }));

const pair: TrainingExample = {
  question: 'How hot may the oven get?\n"quoted"',
  passage: { id: 'a#1', text: 'The oven\nmay get 90 degrees.' },
  negatives: [{ id: 'b#1', text: 'The loom.' }],
  notWrong: ['c#1'],
  origin: { kind: 'option', documents: ['manual:a'], lexicalRank: 3 },
};

it('comes back as it was written, and leaves no draft behind', async () => {
  const file = join(folder, 'pairs.jsonl');
  await writePairs(file, [pair, { ...pair, negatives: [] }]);
  expect(await readPairs(file)).toEqual([pair, { ...pair, negatives: [] }]);
  expect(await readdir(folder)).toEqual(['pairs.jsonl']);
});

it('passes over empty lines and takes Windows line ends', async () => {
  const file = join(folder, 'windows.jsonl');
  await writeFile(file, `\r\n${JSON.stringify(pair)}\r\n\r\n`);
  expect(await readPairs(file)).toEqual([pair]);
});

it.each([
  ['{"question": "the secret', 'line 2 is not JSON'],
  ['{"question": 7}', 'line 2: question'],
  [JSON.stringify({ ...pair, origin: { kind: 'guess', documents: [] } }), 'line 2: origin.kind'],
])('names a bad line without quoting it: %s', async (line, sentence) => {
  const file = join(folder, 'bad.jsonl');
  await writeFile(file, `${JSON.stringify(pair)}\n${line}\n`);
  const error = await readPairs(file).catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ code: 'usage_invalid', message: expect.stringContaining(sentence) });
  expect(String(error)).not.toContain('secret');
});

it('says that a file is not there', async () => {
  await expect(readPairs(join(folder, 'none.jsonl'))).rejects.toMatchObject({ code: 'usage_invalid' });
  expect(await readFile(join(folder, 'pairs.jsonl'), 'utf8')).toContain('oven');
});
