// Posting lists in SQLite: for each term the rows that hold it and their weights, packed, in segments that are merged as they grow.
import type Database from 'better-sqlite3';
import type { IndexedChunk } from './index-port.js';

/** The rows holding one term, ascending within a segment, with their weights. */
export interface Postings {
  readonly rows: Uint32Array;
  readonly weights: Float32Array;
}

export const POSTINGS_TABLES = `
  CREATE TABLE IF NOT EXISTS segments (id INTEGER PRIMARY KEY AUTOINCREMENT, chunks INTEGER NOT NULL) STRICT;
  CREATE TABLE IF NOT EXISTS postings (
    segment INTEGER NOT NULL, term INTEGER NOT NULL, rows BLOB NOT NULL, weights BLOB NOT NULL,
    PRIMARY KEY (segment, term)
  ) STRICT, WITHOUT ROWID;
`;

/** Terms of one segment read per step of a merge: bounds memory, not the result. */
const MERGE_STEP = 2_000;

/** So many segments of one level are merged into one of the next. */
const FULL_LEVEL = 4;

interface Segment {
  readonly id: number;
  readonly chunks: number;
}

interface StoredPostings {
  readonly term: number;
  readonly rows: Buffer;
  readonly weights: Buffer;
}

/**
 * Every `add` writes one new segment. Segments are merged when there are four of about the same size, so each posting is rewritten about
 * log4(chunks) times, and there are seldom more than three times as many segments. The table is ordered by segment: writing one appends,
 * and merging some reads nothing of the others.
 */
export class SqlitePostings {
  readonly #db: Database.Database;
  readonly #find: Database.Statement<[number], { rows: Buffer; weights: Buffer }>;
  readonly #insert: Database.Statement<[number, number, Uint8Array, Uint8Array]>;

  constructor(db: Database.Database) {
    this.#db = db;
    db.exec(POSTINGS_TABLES);
    this.#find = db.prepare(
      'SELECT rows, weights FROM postings WHERE segment IN (SELECT id FROM segments) AND term = ?',
    );
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
    // In the order of the table, where neighbours lie on one page.
    for (const [term, list] of [...lists].sort(([one], [other]) => one - other)) {
      this.#write(term, segment, Uint32Array.from(list.rows), Float32Array.from(list.weights));
    }
    this.#mergeTail(isAlive);
  }

  #mergeTail(isAlive: (row: number) => boolean): void {
    for (;;) {
      const segments = this.#db
        .prepare<[], Segment>('SELECT id, chunks FROM segments ORDER BY id DESC')
        .all();
      const level = levelOf(segments[0]);
      const larger = segments.findIndex((segment) => levelOf(segment) > level);
      const tail = larger === -1 ? segments : segments.slice(0, larger);
      if (tail.length < FULL_LEVEL) return;
      const size = tail.reduce((sum, { chunks }) => sum + chunks, 0);
      this.#merge(
        tail.map(({ id }) => id),
        size,
        isAlive,
      );
    }
  }

  #merge(segments: readonly number[], chunks: number, isAlive: (row: number) => boolean): void {
    const target = this.#newSegment(chunks);
    // Rows stay ascending: an older segment has the lower ones.
    const open = [...segments].sort((one, other) => one - other).map((segment) => this.#read(segment));
    for (;;) {
      const term = Math.min(...open.map((segment) => segment.next?.term ?? Number.POSITIVE_INFINITY));
      if (term === Number.POSITIVE_INFINITY) break;
      const parts = open.flatMap((segment) => (segment.next?.term === term ? [segment.take()] : []));
      const { rows, weights } = aliveOf(parts, isAlive);
      if (rows.length > 0) this.#write(term, target, rows, weights);
    }
    for (const segment of segments) {
      this.#db.prepare('DELETE FROM postings WHERE segment = ?').run(segment);
      this.#db.prepare('DELETE FROM segments WHERE id = ?').run(segment);
    }
  }

  #read(segment: number): SegmentReader {
    const read = this.#db.prepare<[number, number], StoredPostings>(
      `SELECT term, rows, weights FROM postings WHERE segment = ? AND term > ? ORDER BY term LIMIT ${MERGE_STEP}`,
    );
    return new SegmentReader((after) => read.all(segment, after));
  }

  #newSegment(chunks: number): number {
    return Number(this.#db.prepare('INSERT INTO segments (chunks) VALUES (?)').run(chunks).lastInsertRowid);
  }

  #write(term: number, segment: number, rows: Uint32Array, weights: Float32Array): void {
    this.#insert.run(term, segment, new Uint8Array(rows.buffer), new Uint8Array(weights.buffer));
  }
}

/** Segments of one level differ in size by less than `FULL_LEVEL` times. */
function levelOf(segment: Segment | undefined): number {
  return Math.floor(Math.log(segment?.chunks ?? 1) / Math.log(FULL_LEVEL));
}

/** The terms of one segment, ascending, while the table is written to. */
class SegmentReader {
  readonly #readAfter: (term: number) => StoredPostings[];
  #step: StoredPostings[];
  #at = 0;

  constructor(readAfter: (term: number) => StoredPostings[]) {
    this.#readAfter = readAfter;
    this.#step = readAfter(-1);
  }

  /** Undefined at the end. */
  get next(): StoredPostings | undefined {
    return this.#step[this.#at];
  }

  take(): StoredPostings {
    const taken = this.#step[this.#at++] as StoredPostings;
    if (this.#at === this.#step.length) {
      this.#step = this.#readAfter(taken.term);
      this.#at = 0;
    }
    return taken;
  }
}

/** All that is alive in `parts`, one behind the other. */
function aliveOf(parts: readonly StoredPostings[], isAlive: (row: number) => boolean): Postings {
  const lists = parts.map(unpack);
  const room = lists.reduce((sum, list) => sum + list.rows.length, 0);
  const rows = new Uint32Array(room);
  const weights = new Float32Array(room);
  let kept = 0;
  for (const list of lists) {
    list.rows.forEach((row, at) => {
      if (!isAlive(row)) return;
      rows[kept] = row;
      weights[kept] = list.weights[at] as number;
      kept++;
    });
  }
  return { rows: rows.slice(0, kept), weights: weights.slice(0, kept) };
}

function unpack(stored: { rows: Buffer; weights: Buffer }): Postings {
  return { rows: new Uint32Array(aligned(stored.rows)), weights: new Float32Array(aligned(stored.weights)) };
}

/** A typed array needs an offset that is a multiple of four, which a pooled Buffer need not have. */
function aligned(bytes: Buffer): ArrayBuffer {
  const whole = bytes.byteOffset === 0 && bytes.buffer.byteLength === bytes.byteLength;
  return (whole ? bytes.buffer : Uint8Array.from(bytes).buffer) as ArrayBuffer;
}
