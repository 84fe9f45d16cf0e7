// The embedded index: one SQLite file with passages, posting lists and vectors (sqlite-vec).
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { ChipwrightError } from '../errors.js';
import { type AudienceFilter, mayRead } from '../safety/access.js';
import type {
  Hit,
  HitList,
  Index,
  IndexDescription,
  IndexedChunk,
  IndexedDocument,
  SparseVector,
  Stretch,
} from './index-port.js';
import { chunkTerms, inverseDocumentFrequency } from './lexical.js';
import { Moments } from './moments.js';
import { type DocumentRecord, headingLine, inReadingOrder, type Passage } from './passage.js';
import { SqlitePostings } from './sqlite-postings.js';
import { bytesOf, type ChunkRow, type DocumentRow, tagsOf, toPassage, vectorOf } from './sqlite-rows.js';
import { checkIdentity, createSchema, type EncoderIdentity } from './sqlite-schema.js';
import { TopK } from './top-k.js';

/**
 * Opens the index file, or makes it for `identity.encoder` (null: words only). `:memory:` keeps it in memory.
 * Throws `index_mismatch` when the file was made with another encoder or tokenizer, `index_unavailable` when it cannot be opened.
 */
export function openSqliteIndex(
  file: string,
  identity: { readonly encoder: EncoderIdentity | null },
): SqliteIndex {
  let db: Database.Database;
  try {
    db = new Database(file);
    db.pragma('journal_mode = WAL');
    db.pragma('synchronous = NORMAL');
    db.pragma('busy_timeout = 5000');
    sqliteVec.load(db);
  } catch (cause) {
    throw new ChipwrightError('index_unavailable', `The index file ${file} could not be opened.`, {
      cure: 'Check that the folder exists, is writable, and that the disk is not full; or point CHIPWRIGHT_DATA elsewhere.',
      cause,
    });
  }
  try {
    return new SqliteIndex(db, file, identity.encoder);
  } catch (error) {
    db.close();
    throw error;
  }
}

export class SqliteIndex implements Index {
  readonly #db: Database.Database;
  readonly #encoder: EncoderIdentity | null;
  /** Set in a file with vectors that was opened without an encoder. */
  readonly #refusesDocuments: ChipwrightError | null;
  readonly #postings: SqlitePostings;
  /** Row -> audience set id, 0 where the row is gone. Kept in memory: every posting of every search asks it. */
  #audienceOfRow = new Uint32Array(0);
  #audienceSets = new Map<number, readonly string[]>();
  #alive = 0;
  #moments: Moments | null = null;
  /** SQLite's own counter of commits by other connections: tells when the three fields above are stale. */
  #seenVersion = -1;
  #scores = new Float64Array(0);

  constructor(db: Database.Database, file: string, encoder: EncoderIdentity | null) {
    this.#db = db;
    this.#encoder = encoder && { id: encoder.id, name: encoder.name, dimensions: encoder.dimensions };
    const { refusesDocuments } = db
      .transaction(() => {
        createSchema(db, encoder);
        return checkIdentity(db, file, encoder);
      })
      .immediate();
    this.#refusesDocuments = refusesDocuments;
    this.#postings = new SqlitePostings(db);
  }

  async describe(): Promise<IndexDescription> {
    return guard(() => {
      this.#refresh();
      const documents =
        this.#db.prepare<[], { n: number }>('SELECT count(*) AS n FROM documents').get()?.n ?? 0;
      return { encoder: this.#encoder, documents, chunks: this.#alive };
    });
  }

  async contentHashes(source: string): Promise<ReadonlyMap<string, string>> {
    return guard(() => {
      const rows = this.#db
        .prepare<[string], { id: string; content_hash: string }>(
          'SELECT id, content_hash FROM documents WHERE source = ?',
        )
        .all(source);
      return new Map(rows.map(({ id, content_hash }) => [id, content_hash]));
    });
  }

  async put(documents: readonly IndexedDocument[]): Promise<void> {
    if (this.#refusesDocuments !== null) throw this.#refusesDocuments;
    this.#write(() => {
      for (const { document } of documents) this.#deleteDocument(document.id);
      const chunks: IndexedChunk[] = [];
      const rows: number[] = [];
      for (const { document, chunks: own } of documents) {
        const audience = this.#audienceSetId(document.audience);
        this.#insertDocument(document, audience);
        for (const chunk of own) {
          rows.push(this.#insertChunk(document.id, chunk, audience));
          chunks.push(chunk);
        }
      }
      this.#postings.add(chunks, rows, (row) => this.#audienceOfRow[row] !== 0);
    });
  }

  async remove(documentIds: readonly string[]): Promise<void> {
    this.#write(() => {
      for (const id of documentIds) this.#deleteDocument(id);
    });
  }

  async dense(vectors: readonly Float32Array[], filter: AudienceFilter, k: number): Promise<HitList[]> {
    if (this.#encoder === null) return vectors.map(() => ({ hits: [], mean: 0, deviation: 0 }));
    return guard(() => {
      this.#refresh();
      const sets = this.#readableSets(filter);
      if (sets.length === 0) return vectors.map(() => ({ hits: [], mean: 0, deviation: 0 }));
      // The audience comes first: sqlite-vec looks only at rows whose audience set may be read.
      const nearest = this.#db.prepare<unknown[], { row: number; distance: number }>(
        `SELECT rowid AS row, distance FROM vectors
         WHERE vector MATCH ? AND k = ? AND audience IN (${sets.map(() => '?').join(',')})`,
      );
      return vectors.map((vector) => {
        const found = nearest.all(bytesOf(vector), BigInt(k), ...sets.map(BigInt));
        const hits = this.#toHits(found.map(({ row, distance }) => ({ key: row, score: 1 - distance })));
        return { hits, ...(this.#moments?.scoreStatistics(vector) ?? { mean: 0, deviation: 0 }) };
      });
    });
  }

  async lexical(terms: SparseVector, filter: AudienceFilter, k: number): Promise<HitList> {
    return guard(() => {
      this.#refresh();
      const readable = new Set(this.#readableSets(filter));
      const touched = this.#scoreRows(terms);
      const best = new TopK(k);
      let sum = 0;
      let sumOfSquares = 0;
      for (const row of touched) {
        const score = this.#scores[row] ?? 0;
        this.#scores[row] = 0;
        if (!readable.has(this.#audienceOfRow[row] ?? 0)) continue;
        sum += score;
        sumOfSquares += score * score;
        best.offer(row, score);
      }
      const mean = this.#alive === 0 ? 0 : sum / this.#alive;
      const variance = this.#alive === 0 ? 0 : sumOfSquares / this.#alive - mean * mean;
      return { hits: this.#toHits(best.sorted()), mean, deviation: Math.sqrt(Math.max(0, variance)) };
    });
  }

  async passages(ids: readonly string[], filter: AudienceFilter): Promise<Passage[]> {
    return guard(() => {
      this.#refresh();
      const chunk = this.#db.prepare<[string], ChunkRow>('SELECT * FROM chunks WHERE id = ?');
      const document = this.#db.prepare<[string], DocumentRow>('SELECT * FROM documents WHERE id = ?');
      return ids.flatMap((id) => {
        const row = chunk.get(id);
        const owner = row && document.get(row.document);
        if (row === undefined || owner === undefined) return [];
        const record = this.#toDocument(owner);
        return mayRead(filter, record.audience) ? [toPassage(row, record)] : [];
      });
    });
  }

  async stretches(wanted: readonly Stretch[], filter: AudienceFilter): Promise<Passage[]> {
    return guard(() => {
      this.#refresh();
      const chunks = this.#db.prepare<[string, number, number], ChunkRow>(
        'SELECT * FROM chunks WHERE document = ? AND ordinal BETWEEN ? AND ?',
      );
      const document = this.#db.prepare<[string], DocumentRow>('SELECT * FROM documents WHERE id = ?');
      const found = wanted.flatMap((stretch) => {
        const owner = document.get(stretch.document);
        const record = owner && this.#toDocument(owner);
        if (record === undefined || !mayRead(filter, record.audience)) return [];
        return chunks.all(stretch.document, stretch.from, stretch.to).map((row) => toPassage(row, record));
      });
      return inReadingOrder(found);
    });
  }

  async export(after: string | undefined, limit: number): Promise<IndexedDocument[]> {
    return guard(() => {
      const page = this.#db.prepare<[string, number], DocumentRow>(
        'SELECT * FROM documents WHERE id > ? ORDER BY id LIMIT ?',
      );
      const chunks = this.#db.prepare<[string], ChunkRow>(
        'SELECT * FROM chunks WHERE document = ? ORDER BY ordinal',
      );
      // One transaction, so that no document is read half old and half new.
      const read = this.#db.transaction(() => {
        this.#refresh();
        return page.all(after ?? '', limit).map((row) => {
          const document = this.#toDocument(row);
          return { document, chunks: chunks.all(row.id).map((chunk) => this.#toIndexed(chunk, document)) };
        });
      });
      return read();
    });
  }

  async close(): Promise<void> {
    this.#db.close();
  }

  #toIndexed(row: ChunkRow, document: DocumentRecord): IndexedChunk {
    const { document: _document, score: _score, ...chunk } = toPassage(row, document);
    const terms = chunkTerms(headingLine(document.title, chunk.path), chunk.text);
    const stored =
      this.#encoder === null
        ? undefined
        : this.#db
            .prepare<[bigint], { vector: Buffer }>('SELECT vector FROM vectors WHERE rowid = ?')
            .get(BigInt(row.row));
    return stored === undefined ? { ...chunk, terms } : { ...chunk, terms, vector: vectorOf(stored.vector) };
  }

  /** One transaction: all of `change` or nothing, in the file and in memory. */
  #write(change: () => void): void {
    guard(() => {
      try {
        this.#db
          .transaction(() => {
            this.#refresh();
            change();
            this.#storeMoments();
          })
          .immediate();
      } catch (error) {
        this.#seenVersion = -1;
        throw error;
      }
    });
  }

  /** Adds up idf x weight x weight per row; returns the rows that got a score, each once. */
  #scoreRows(terms: SparseVector): number[] {
    if (this.#scores.length < this.#audienceOfRow.length)
      this.#scores = new Float64Array(this.#audienceOfRow.length);
    const touched: number[] = [];
    terms.ids.forEach((term, at) => {
      const lists = this.#postings.find(term);
      let matching = 0;
      for (const { rows } of lists) for (const row of rows) if (this.#audienceOfRow[row]) matching++;
      const factor = inverseDocumentFrequency(this.#alive, matching) * (terms.weights[at] ?? 0);
      for (const { rows, weights } of lists) {
        for (let position = 0; position < rows.length; position++) {
          const row = rows[position] ?? 0;
          if (!this.#audienceOfRow[row]) continue;
          const before = this.#scores[row] ?? 0;
          if (before === 0) touched.push(row);
          this.#scores[row] = before + factor * (weights[position] ?? 0);
        }
      }
    });
    return touched;
  }

  /** Brings what is kept in memory up to the file's state. Cheap when nothing changed. */
  #refresh(): void {
    const version = Number(this.#db.pragma('data_version', { simple: true }));
    if (version === this.#seenVersion) return;
    this.#seenVersion = version;
    const rows = this.#db.prepare<[], [number, number]>('SELECT row, audience FROM chunks').raw().all();
    const highest = rows.reduce((most, [row]) => Math.max(most, row), 0);
    this.#audienceOfRow = new Uint32Array(Math.max(1024, 2 * (highest + 1)));
    for (const [row, audience] of rows) this.#audienceOfRow[row] = audience;
    this.#alive = rows.length;
    const sets = this.#db.prepare<[], { id: number; tags: string }>('SELECT id, tags FROM audiences').all();
    this.#audienceSets = new Map(sets.map(({ id, tags }) => [id, tagsOf(tags)]));
    if (this.#encoder !== null) {
      const stored = this.#db
        .prepare<[], { count: number; sums: Buffer }>('SELECT count, sums FROM moments')
        .get();
      this.#moments = new Moments(this.#encoder.dimensions, stored);
    }
  }

  #readableSets(filter: AudienceFilter): number[] {
    return [...this.#audienceSets].filter(([, tags]) => mayRead(filter, tags)).map(([id]) => id);
  }

  #toHits(found: readonly { key: number; score: number }[]): Hit[] {
    const id = this.#db.prepare<[number], { id: string }>('SELECT id FROM chunks WHERE row = ?');
    return found.flatMap(({ key, score }) => {
      const row = id.get(key);
      return row === undefined ? [] : [{ id: row.id, score }];
    });
  }

  #audienceSetId(tags: readonly string[]): number {
    const text = JSON.stringify([...tags].sort());
    this.#db.prepare('INSERT OR IGNORE INTO audiences (tags) VALUES (?)').run(text);
    const id =
      this.#db.prepare<[string], { id: number }>('SELECT id FROM audiences WHERE tags = ?').get(text)?.id ??
      0;
    this.#audienceSets.set(id, tags);
    return id;
  }

  #insertDocument(document: DocumentRecord, audience: number): void {
    this.#db
      .prepare(
        'INSERT INTO documents (id, source, path, title, content_hash, audience, version) VALUES (?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        document.id,
        document.source,
        document.path,
        document.title,
        document.contentHash,
        audience,
        document.version,
      );
  }

  #insertChunk(document: string, chunk: IndexedChunk, audience: number): number {
    const { lastInsertRowid } = this.#db
      .prepare(
        'INSERT INTO chunks (id, document, ordinal, path, text, place, href, audience) VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
      )
      .run(
        chunk.id,
        document,
        chunk.ordinal,
        JSON.stringify(chunk.path),
        chunk.text,
        JSON.stringify(chunk.place),
        chunk.href ?? null,
        audience,
      );
    const row = Number(lastInsertRowid);
    if (row >= this.#audienceOfRow.length) {
      const longer = new Uint32Array(2 * row);
      longer.set(this.#audienceOfRow);
      this.#audienceOfRow = longer;
    }
    this.#audienceOfRow[row] = audience;
    this.#alive++;
    if (this.#encoder !== null && chunk.vector !== undefined) {
      this.#db
        .prepare('INSERT INTO vectors (rowid, audience, vector) VALUES (?, ?, ?)')
        .run(BigInt(row), BigInt(audience), bytesOf(chunk.vector));
      this.#moments?.add(chunk.vector);
    }
    return row;
  }

  #deleteDocument(id: string): void {
    const rows = this.#db
      .prepare<[string], { row: number }>('SELECT row FROM chunks WHERE document = ?')
      .all(id);
    for (const { row } of rows) {
      this.#audienceOfRow[row] = 0;
      this.#alive--;
      if (this.#encoder === null) continue;
      const stored = this.#db
        .prepare<[bigint], { vector: Buffer }>('SELECT vector FROM vectors WHERE rowid = ?')
        .get(BigInt(row));
      if (stored === undefined) continue;
      this.#moments?.subtract(vectorOf(stored.vector));
      this.#db.prepare('DELETE FROM vectors WHERE rowid = ?').run(BigInt(row));
    }
    this.#db.prepare('DELETE FROM chunks WHERE document = ?').run(id);
    this.#db.prepare('DELETE FROM documents WHERE id = ?').run(id);
  }

  #storeMoments(): void {
    if (this.#moments === null) return;
    this.#db
      .prepare('INSERT OR REPLACE INTO moments (id, count, sums) VALUES (1, ?, ?)')
      .run(this.#moments.count, this.#moments.serialise());
  }

  #toDocument(row: DocumentRow): DocumentRecord {
    return {
      id: row.id,
      source: row.source,
      path: row.path,
      title: row.title,
      contentHash: row.content_hash,
      audience: this.#audienceSets.get(row.audience) ?? [],
      version: row.version,
    };
  }
}

/** Runs `work` and gives engine failures their name. */
function guard<T>(work: () => T): T {
  try {
    return work();
  } catch (cause) {
    if (cause instanceof ChipwrightError) throw cause;
    const full = cause instanceof Database.SqliteError && cause.code === 'SQLITE_FULL';
    throw new ChipwrightError('index_unavailable', full ? 'The disk is full.' : 'The index did not answer.', {
      cure: full
        ? 'Free some space where CHIPWRIGHT_DATA is; nothing already stored is lost.'
        : 'Look in the log for the cause; `chipwright doctor` checks the file.',
      retryable: !full,
      cause,
    });
  }
}
