// Posting lists in SQLite: for each term the rows that hold it and their weights, packed, in segments that are merged as they grow.
import type Database from 'better-sqlite3';
import type { IndexedChunk } from './index-port.js';

/** The rows holding one term, ascending within a segment, with their weights. */
export interface Postings {
  readonly rows: Uint32Array;
  readonly weights: Float32Array;
}

/** Terms read per step of a merge: bounds memory, not the result. */
const MERGE_STEP = 20_000;

/**
 * Every `add` writes one new segment. A segment that has grown as large as its predecessor is merged with it, so there are never
 * more than about log2(chunks) segments, and each posting is rewritten about as often.
 */
export class SqlitePostings {
  readonly #db: Database.Database;
  readonly #find: Database.Statement<[number], { rows: Buffer; weights: Buffer }>;
  readonly #insert: Database.Statement<[number, number, Uint8Array, Uint8Array]>;

  constructor(db: Database.Database) {
    this.#db = db;
    db.exec(`
      CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY AUTOINCREMENT, chunks INTEGER NOT NULL) STRICT;
      CREATE TABLE IF NOT EXISTS postings (
        term INTEGER NOT NULL, segment INTEGER NOT NULL, rows BLOB NOT NULL, weights BLOB NOT NULL,
        PRIMARY KEY (term, segment)
      ) STRICT, WITHOUT ROWID;
    `);
    this.#find = db.prepare('SELECT rows, weights FROM postings WHERE term = ?');
    this.#insert = db.prepare('INSERT INTO postings (term, segment, rows, weights) VALUES (?, ?, ?, ?)');
  }

  /** One list per segment. Rows that were removed since are still in them: the caller knows which are alive. */
  find(term: number): Postings[] {
    return this.#find.all(term).map(unpack);
  }

  /** Call inside a transaction. `rows` are the chunks' row numbers, ascending. `isAlive` tells which old rows to keep in a merge. */
  add(chunks: readonly IndexedChunk[], rows: readonly number[], isAlive: (row: number) => boolean): void {
    if (chunks.length === 0) return;
    const segment = this.#newSegment(chunks.length);
    const lists = new Map<number, { rows: number[]; weights: number[] }>();
    chunks.forEach(({ terms }, at) => {
      const row = rows[at] ?? 0;
      terms.ids.forEach((term, position) => {
        const list = lists.get(term) ?? { rows: [], weights: [] };
        lists.set(term, list);
        list.rows.push(row);
        list.weights.push(terms.weights[position] ?? 0);
      });
    });
    for (const [term, list] of lists) {
      this.#write(term, segment, Uint32Array.from(list.rows), Float32Array.from(list.weights));
    }
    this.#mergeTail(isAlive);
  }

  #mergeTail(isAlive: (row: number) => boolean): void {
    const segments = this.#db
      .prepare<[], { id: number; chunks: number }>('SELECT id, chunks FROM segments ORDER BY id DESC')
      .all();
    const merged: number[] = [];
    let size = 0;
    for (const segment of segments) {
      if (merged.length > 0 && segment.chunks > size) break;
      merged.push(segment.id);
      size += segment.chunks;
    }
    if (merged.length > 1) this.#merge(merged, size, isAlive);
  }

  #merge(segments: readonly number[], chunks: number, isAlive: (row: number) => boolean): void {
    const target = this.#newSegment(chunks);
    const marks = segments.map(() => '?').join(',');
    const read = this.#db.prepare<number[], { term: number; rows: Buffer; weights: Buffer }>(
      `SELECT term, rows, weights FROM postings WHERE term > ? AND segment IN (${marks}) ORDER BY term, segment LIMIT ${MERGE_STEP}`,
    );
    let after = -1;
    for (;;) {
      const batch = read.all(after, ...segments);
      const last = batch.at(-1)?.term;
      // A full batch may end inside a term's segments; that term is read again, whole, with the next batch.
      const isWhole = (term: number) => batch.length < MERGE_STEP || term !== last;
      for (const [term, parts] of byTerm(batch)) {
        if (!isWhole(term)) break;
        const alive = parts.flatMap((part) => keepAlive(part, isAlive));
        if (alive.length > 0) {
          const rows = Uint32Array.from(alive, ([row]) => row);
          this.#write(
            term,
            target,
            rows,
            Float32Array.from(alive, ([, weight]) => weight),
          );
        }
        after = term;
      }
      if (batch.length < MERGE_STEP) break;
    }
    this.#db.prepare(`DELETE FROM postings WHERE segment IN (${marks})`).run(...segments);
    this.#db.prepare(`DELETE FROM segments WHERE id IN (${marks})`).run(...segments);
  }

  #newSegment(chunks: number): number {
    return Number(this.#db.prepare('INSERT INTO segments (chunks) VALUES (?)').run(chunks).lastInsertRowid);
  }

  #write(term: number, segment: number, rows: Uint32Array, weights: Float32Array): void {
    this.#insert.run(term, segment, new Uint8Array(rows.buffer), new Uint8Array(weights.buffer));
  }
}

/** Groups rows that are ordered by term. */
function* byTerm(
  rows: readonly { term: number; rows: Buffer; weights: Buffer }[],
): Generator<[number, Postings[]]> {
  let term: number | undefined;
  let parts: Postings[] = [];
  for (const row of rows) {
    if (row.term !== term) {
      if (term !== undefined) yield [term, parts];
      term = row.term;
      parts = [];
    }
    parts.push(unpack(row));
  }
  if (term !== undefined) yield [term, parts];
}

function keepAlive({ rows, weights }: Postings, isAlive: (row: number) => boolean): [number, number][] {
  const kept: [number, number][] = [];
  rows.forEach((row, at) => {
    if (isAlive(row)) kept.push([row, weights[at] ?? 0]);
  });
  return kept;
}

function unpack(stored: { rows: Buffer; weights: Buffer }): Postings {
  return { rows: new Uint32Array(aligned(stored.rows)), weights: new Float32Array(aligned(stored.weights)) };
}

/** A typed array needs an offset that is a multiple of four, which a pooled Buffer need not have. */
function aligned(bytes: Buffer): ArrayBuffer {
  const whole = bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.byteLength;
  return (whole ? bytes.buffer : Uint8Array.from(bytes).buffer) as ArrayBuffer;
}
