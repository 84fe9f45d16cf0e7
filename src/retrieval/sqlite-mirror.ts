// What every search asks of the embedded index, kept in memory: which rows are there, who may read them, and their vectors.
import type Database from 'better-sqlite3';
import { type AudienceFilter, mayRead } from '../safety/access.js';
import { Moments } from './moments.js';
import { tagsOf, vectorOf } from './sqlite-rows.js';
import { VectorCodes } from './vector-codes.js';

/** Removals kept for other processes to follow, beyond as many as there are rows; who is further behind reads everything again. */
const REMOVALS_KEPT = 1_000;

/**
 * Follows the file: a change by another connection costs about what changed. That is simple because a row is never written twice: what
 * is new has a higher number than all before, and what went stands in `removed_rows`.
 */
export class SqliteMirror {
  readonly #db: Database.Database;
  /** Of the vectors; null in an index of words only. */
  readonly #dimensions: number | null;
  readonly #dataVersion: Database.Statement<[], number>;
  /** SQLite's own counter of commits by other connections: tells when the fields below are stale. */
  #seenVersion = -1;
  /** Row -> audience set id, 0 where the row is gone. */
  #audienceOfRow = new Uint32Array(0);
  #audienceSets = new Map<number, readonly string[]>();
  #chunks = 0;
  #documents = 0;
  #newestRow = 0;
  #newestVector = 0;
  #newestRemoval = 0;
  #codes: VectorCodes | null = null;
  #moments: Moments | null = null;

  constructor(db: Database.Database, dimensions: number | null) {
    this.#db = db;
    this.#dimensions = dimensions;
    db.exec(`
      CREATE TABLE IF NOT EXISTS removed_rows (number INTEGER PRIMARY KEY AUTOINCREMENT, row INTEGER NOT NULL) STRICT;
      -- Read whole when a file is opened: the table itself would bring all texts along.
      CREATE INDEX IF NOT EXISTS chunks_by_audience ON chunks (audience);
    `);
    this.#dataVersion = db.prepare<[], number>('PRAGMA data_version').pluck();
    this.refresh();
  }

  get chunks(): number {
    return this.#chunks;
  }

  get documents(): number {
    return this.#documents;
  }

  get codes(): VectorCodes | null {
    return this.#codes;
  }

  get moments(): Moments | null {
    return this.#moments;
  }

  /** Row -> audience set id, 0 where the row is gone. Longer than there are rows; another array after each change. */
  get audienceOfRow(): Uint32Array {
    return this.#audienceOfRow;
  }

  audienceTags(set: number): readonly string[] {
    return this.#audienceSets.get(set) ?? [];
  }

  /** Brings everything up to the file's state. Cheap when nothing changed. */
  refresh(): void {
    const version = this.#dataVersion.get() ?? 0;
    if (version === this.#seenVersion) return;
    this.#readRemovals();
    this.#readRows();
    this.#readVectors();
    const sets = this.#db.prepare<[], { id: number; tags: string }>('SELECT id, tags FROM audiences').all();
    this.#audienceSets = new Map(sets.map(({ id, tags }) => [id, tagsOf(tags)]));
    this.#documents = this.#db.prepare<[], number>('SELECT count(*) FROM documents').pluck().get() ?? 0;
    this.#seenVersion = version;
  }

  /** After a change that was taken back: its rows may be in here, and their numbers will be given again. */
  forget(): void {
    this.#seenVersion = -1;
    this.#audienceOfRow = new Uint32Array(0);
    this.#chunks = 0;
    this.#newestRow = 0;
    this.#newestVector = 0;
    this.#codes = null;
  }

  addAudienceSet(set: number, tags: readonly string[]): void {
    this.#audienceSets.set(set, tags);
  }

  countDocuments(change: number): void {
    this.#documents += change;
  }

  /** Call in the transaction that writes the row. */
  addRow(row: number, audience: number, vector: Float32Array | undefined): void {
    this.#setAudience(row, audience);
    if (this.#codes === null || vector === undefined) return;
    this.#moments?.add(vector);
    this.#addCode(row, vector);
  }

  /** Call in the transaction that deletes the row. */
  removeRow(row: number, vector: Float32Array | undefined): void {
    this.#dropRow(row);
    if (vector !== undefined) this.#momentsOf(vector.length).subtract(vector);
    this.#db.prepare('INSERT INTO removed_rows (row) VALUES (?)').run(row);
  }

  /** Call last in a transaction that changed rows. */
  store(): void {
    if (this.#moments !== null) {
      this.#db
        .prepare('INSERT OR REPLACE INTO moments (id, count, sums) VALUES (1, ?, ?)')
        .run(this.#moments.count, this.#moments.serialise());
    }
    this.#db
      .prepare('DELETE FROM removed_rows WHERE number <= (SELECT max(number) FROM removed_rows) - ?')
      .run(this.#chunks + REMOVALS_KEPT);
    this.#dropDeadCodes();
  }

  /** Tells of a row, many times a search, whether `filter` may read it. Set 0, that of rows that are gone, may nobody read. */
  readable(filter: AudienceFilter): (row: number) => boolean {
    const sets = new Uint8Array(1 + Math.max(0, ...this.#audienceSets.keys()));
    for (const [id, tags] of this.#audienceSets) if (mayRead(filter, tags)) sets[id] = 1;
    const audienceOfRow = this.#audienceOfRow;
    return (row) => sets[audienceOfRow[row] ?? 0] === 1;
  }

  #readRemovals(): void {
    const newest =
      this.#db
        .prepare<[], number>("SELECT seq FROM sqlite_sequence WHERE name = 'removed_rows'")
        .pluck()
        .get() ?? 0;
    const removed = this.#db
      .prepare<[number, number], number>('SELECT row FROM removed_rows WHERE number > ? AND number <= ?')
      .pluck()
      .all(this.#newestRemoval, newest);
    if (removed.length < newest - this.#newestRemoval) this.forget();
    for (const row of removed) this.#dropRow(row);
    this.#newestRemoval = newest;
  }

  #readRows(): void {
    const added =
      this.#newestRow === 0
        ? this.#db.prepare<[], [number, number]>('SELECT row, audience FROM chunks').raw().all()
        : this.#db
            .prepare<[number], [number, number]>('SELECT row, audience FROM chunks WHERE row > ?')
            .raw()
            .all(this.#newestRow);
    for (const [row, audience] of added) this.#setAudience(row, audience);
  }

  /** Read again when they are asked for: in an index opened for words only that is seldom. */
  #momentsOf(dimensions: number): Moments {
    this.#moments ??= new Moments(
      dimensions,
      this.#db.prepare<[], { count: number; sums: Buffer }>('SELECT count, sums FROM moments').get(),
    );
    return this.#moments;
  }

  #readVectors(): void {
    this.#moments = null;
    if (this.#dimensions === null) return;
    this.#momentsOf(this.#dimensions);
    this.#codes ??= new VectorCodes(this.#dimensions);
    const added = this.#db
      .prepare<[number], [number, Buffer]>('SELECT row, vector FROM chunk_vectors WHERE row > ? ORDER BY row')
      .raw();
    for (const [row, vector] of added.iterate(this.#newestVector)) this.#addCode(row, vectorOf(vector));
    this.#dropDeadCodes();
  }

  #setAudience(row: number, audience: number): void {
    if (row >= this.#audienceOfRow.length) {
      const longer = new Uint32Array(Math.max(1024, 2 * row));
      longer.set(this.#audienceOfRow);
      this.#audienceOfRow = longer;
    }
    if (this.#audienceOfRow[row] === 0) this.#chunks++;
    this.#audienceOfRow[row] = audience;
    this.#newestRow = Math.max(this.#newestRow, row);
  }

  #dropRow(row: number): void {
    if ((this.#audienceOfRow[row] ?? 0) === 0) return;
    this.#audienceOfRow[row] = 0;
    this.#chunks--;
  }

  #addCode(row: number, vector: Float32Array): void {
    this.#codes?.add(row, vector);
    this.#newestVector = row;
  }

  #dropDeadCodes(): void {
    if ((this.#codes?.count ?? 0) > 2 * this.#chunks)
      this.#codes?.keep((row) => this.#audienceOfRow[row] !== 0);
  }
}
