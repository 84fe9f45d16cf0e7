// Generations of the embedded index: a file each, and a small file that says which one answers.
import { existsSync, readdirSync } from 'node:fs';
import { open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ChipwrightError } from '../errors.js';
import type { Generation, Generations } from './generations.js';
import type { Index, IndexDescription } from './index-port.js';
import { openSqliteIndex } from './sqlite-index.js';
import { storedEncoder } from './sqlite-schema.js';

/** The first generation has no number in its name: most installations never have another. */
const FILE = /^index(?:-(\d+))?\.sqlite$/;

export class SqliteGenerations implements Generations {
  readonly #folder: string;
  readonly #pointer: string;

  /** `folder` must exist. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#pointer = join(folder, 'index.live');
  }

  async list(): Promise<readonly Generation[]> {
    const live = await this.live();
    const numbers = readdirSync(this.#folder).flatMap((name) => {
      const match = FILE.exec(name);
      return match === null ? [] : [Number(match[1] ?? 1)];
    });
    return [...new Set([live, ...numbers])]
      .sort((a, b) => b - a)
      .map((number) => ({ number, encoder: encoderIn(this.file(number)), live: number === live }));
  }

  async live(): Promise<number> {
    const text = await readFile(this.#pointer, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return '1';
      throw error;
    });
    const number = Number(text);
    if (Number.isInteger(number) && number > 0) return number;
    throw new ChipwrightError('index_unavailable', `${this.#pointer} does not hold the number of an index.`, {
      cure: 'Delete it: then the first index answers; `chipwright models use NAME` makes another one answer.',
    });
  }

  async open(number: number, encoder: IndexDescription['encoder']): Promise<Index> {
    return openSqliteIndex(this.file(number), { encoder });
  }

  async publish(number: number): Promise<void> {
    if (!existsSync(this.file(number))) throw missing(number);
    // Written whole beside and renamed, so that no reader sees a half number, also after a crash.
    const draft = `${this.#pointer}.new`;
    const handle = await open(draft, 'w');
    await handle.writeFile(`${number}\n`);
    await handle.sync();
    await handle.close();
    await rename(draft, this.#pointer);
  }

  async remove(number: number): Promise<void> {
    if (number === (await this.live())) {
      throw new ChipwrightError(
        'usage_invalid',
        `Generation ${number} of the index is the one that answers.`,
        {
          cure: 'Make another one answer first.',
        },
      );
    }
    for (const ending of ['', '-wal', '-shm']) await rm(`${this.file(number)}${ending}`, { force: true });
  }

  file(number: number): string {
    return join(this.#folder, number === 1 ? 'index.sqlite' : `index-${number}.sqlite`);
  }
}

function encoderIn(file: string): string | null | undefined {
  if (!existsSync(file)) return undefined;
  const db = new Database(file, { readonly: true });
  try {
    return storedEncoder(db);
  } finally {
    db.close();
  }
}

function missing(number: number): ChipwrightError {
  return new ChipwrightError('usage_invalid', `There is no generation ${number} of the index.`, {
    cure: '`chipwright models list` shows what can be used.',
  });
}
