// Generations of the embedded index: the contract, and what only files can get wrong.
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
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

  it('tells of the others beside one that was being made when its process was killed', async () => {
    // What the disk holds in the middle of a transaction: pages that are new, and a journal to roll them back with.
    const file = join(folder, 'half.sqlite');
    const db = new Database(file);
    db.pragma('cache_size = 2');
    db.exec("CREATE TABLE t (x); BEGIN; INSERT INTO t VALUES ('first')");
    for (let row = 0; row < 200; row++) db.prepare('INSERT INTO t VALUES (?)').run('x'.repeat(500));
    await copyFile(file, join(folder, 'index-2.sqlite'));
    await copyFile(`${file}-journal`, join(folder, 'index-2.sqlite-journal'));
    db.close();
    expect(await generations.list()).toEqual([
      { number: 2, encoder: undefined, live: false },
      { number: 1, encoder: undefined, live: true },
    ]);
  });

  it('leaves other files of the data folder alone', async () => {
    await writeFile(join(folder, 'index-copy.sqlite'), 'mine');
    await writeFile(join(folder, 'index.sqlite-wal'), '');
    expect(await generations.list()).toEqual([{ number: 1, encoder: undefined, live: true }]);
  });
});
