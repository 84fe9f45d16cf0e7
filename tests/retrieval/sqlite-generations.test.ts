// Generations of the embedded index: the contract, and what only files can get wrong.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { SqliteGenerations } from '../../src/retrieval/sqlite-generations.js';
import { generationsContract } from '../contract/generations.contract.js';

let folder: string;
const open = async () => {
  folder = await mkdtemp(join(tmpdir(), 'chipwright-generations-'));
  return new SqliteGenerations(folder);
};
const close = () => rm(folder, { recursive: true });

generationsContract({ name: 'files beside one another', open, close });

describe('the file that says which generation answers', () => {
  let generations: SqliteGenerations;
  beforeEach(async () => {
    generations = await open();
  });
  afterEach(close);

  it('is named when it holds no number', async () => {
    await writeFile(join(folder, 'index.live'), 'two\n');
    await expect(generations.live()).rejects.toMatchObject({
      code: 'index_unavailable',
      message: expect.stringContaining('index.live'),
    });
  });

  it('may have been left half written by a crash, beside the whole one', async () => {
    await writeFile(join(folder, 'index-2.sqlite'), '');
    await generations.publish(2);
    await writeFile(join(folder, 'index.live.new'), '');
    expect(await generations.live()).toBe(2);
    await generations.publish(2);
    expect(await generations.live()).toBe(2);
  });

  it('leaves other files of the data folder alone', async () => {
    await writeFile(join(folder, 'index-copy.sqlite'), 'mine');
    await writeFile(join(folder, 'index.sqlite-wal'), '');
    expect(await generations.list()).toEqual([{ number: 1, encoder: undefined, live: true }]);
  });
});
