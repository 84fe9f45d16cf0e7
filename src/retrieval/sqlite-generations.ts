// Generations of the embedded index: a file each, and a small file that says which one answers.
import { existsSync, readdirSync } from 'node:fs';
import { copyFile, open, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { ChipwrightError } from '../errors.js';
import {
  AS_BUILT,
  type AsBuilt,
  type Generation,
  type Generations,
  isLiveOne,
  nextNumber,
  noBackup,
  noGeneration,
} from './generations.js';
import type { Index, IndexDescription } from './index-port.js';
import { openSqliteIndex } from './sqlite-index.js';
import { storedEncoder, storedIdentity } from './sqlite-schema.js';

/** The first generation has no number in its name: most installations never have another. */
const FILE = /^index(?:-(\d+))?\.sqlite$/;

/** Name of a backup in its folder. */
const BACKUP = 'index.sqlite';

/** Pages of 4 KiB that are copied before searches and writes of this process get their turn. */
const BACKED_UP_AT_ONCE = 2_000;

export class SqliteGenerations implements Generations {
  readonly #folder: string;
  readonly #pointer: string;

  /** `folder` must exist. */
  constructor(folder: string) {
    this.#folder = folder;
    this.#pointer = join(folder, 'index.live');
  }

  async list(): Promise<readonly Generation[]> {
    const live = await this.live().catch(() => undefined);
    const numbers = readdirSync(this.#folder).flatMap((name) => {
      const match = FILE.exec(name);
      return match === null ? [] : [Number(match[1] ?? 1)];
    });
    return [...new Set([...(live === undefined ? [] : [live]), ...numbers])]
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
      cure: 'Delete it: then the first index answers; `chipwright index publish N` makes another one answer.',
    });
  }

  async open(number: number, encoder: IndexDescription['encoder'] | AsBuilt): Promise<Index> {
    const file = this.file(number);
    if (encoder !== AS_BUILT) return openSqliteIndex(file, { encoder });
    if (!existsSync(file)) throw noGeneration(number);
    return openSqliteIndex(file, { encoder: readFrom(file, storedIdentity) });
  }

  async publish(number: number): Promise<void> {
    if (!existsSync(this.file(number))) throw noGeneration(number);
    // Written whole beside and renamed, so that no reader sees a half number, also after a crash.
    const draft = `${this.#pointer}.new`;
    const handle = await open(draft, 'w');
    await handle.writeFile(`${number}\n`);
    await handle.sync();
    await handle.close();
    await rename(draft, this.#pointer);
  }

  async remove(number: number): Promise<void> {
    if (number === (await this.live())) throw isLiveOne(number);
    for (const ending of ['', '-wal', '-shm']) await rm(`${this.file(number)}${ending}`, { force: true });
  }

  async backup(
    number: number,
    folder: string,
    onProgress: (done: number, total: number) => void = () => {},
  ): Promise<string> {
    const file = this.file(number);
    if (!existsSync(file)) throw noGeneration(number);
    const target = join(folder, BACKUP);
    const draft = `${target}.new`;
    const db = new Database(file, { readonly: true });
    try {
      await db.backup(draft, {
        progress({ totalPages, remainingPages }) {
          onProgress(totalPages - remainingPages, totalPages);
          return BACKED_UP_AT_ONCE;
        },
      });
    } catch (cause) {
      await rm(draft, { force: true });
      throw notCopied(target, cause);
    } finally {
      db.close();
    }
    await rename(draft, target);
    return target;
  }

  async restore(folder: string): Promise<number> {
    const backup = join(folder, BACKUP);
    if (!existsSync(backup)) throw noBackup(backup);
    const number = await nextNumber(this);
    const draft = `${this.file(number)}.new`;
    try {
      await copyFile(backup, draft);
      // Looked at here and not in its folder, where SQLite would leave files beside it, or may not.
      if (!isIndex(draft)) throw noBackup(backup);
      await rename(draft, this.file(number));
    } catch (thrown) {
      await rm(draft, { force: true });
      throw thrown instanceof ChipwrightError ? thrown : notCopied(this.file(number), thrown);
    }
    return number;
  }

  file(number: number): string {
    return join(this.#folder, number === 1 ? 'index.sqlite' : `index-${number}.sqlite`);
  }
}

function encoderIn(file: string): string | null | undefined {
  return existsSync(file) ? readFrom(file, storedEncoder) : undefined;
}

/** Without making or changing anything; but what a process that was killed left half written is rolled back, which takes a writer. */
function readFrom<T>(file: string, read: (db: Database.Database) => T): T {
  try {
    return readBy(file, { readonly: true }, read);
  } catch (error) {
    if (!(error instanceof Database.SqliteError && error.code.startsWith('SQLITE_READONLY'))) throw error;
    return readBy(file, { fileMustExist: true }, read);
  }
}

function readBy<T>(file: string, options: Database.Options, read: (db: Database.Database) => T): T {
  const db = new Database(file, options);
  try {
    return read(db);
  } finally {
    db.close();
  }
}

function isIndex(file: string): boolean {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { fileMustExist: true });
    return storedEncoder(db) !== undefined;
  } catch {
    return false;
  } finally {
    db?.close();
  }
}

function notCopied(file: string, cause: unknown): ChipwrightError {
  return new ChipwrightError('index_unavailable', `The index could not be copied to ${file}.`, {
    cure: 'Check that the folder is writable and that the disk is not full; nothing was changed.',
    cause,
  });
}
