// The embedded index: one SQLite file with passages, posting lists and vectors; what every search asks is kept in memory as well.
import { setImmediate as nextTurn } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { ChipwrightError } from '../errors.js';
import { type AudienceFilter, mayRead } from '../safety/access.js';
import { dotProduct } from './dot-product.js';
import type {
  Hit,
  HitList,
  Index,
  IndexDescription,
  IndexedChunk,
  IndexedDocument,
  Orphan,
  SparseVector,
  Stretch,
} from './index-port.js';
import { chunkTerms, inverseDocumentFrequency } from './lexical.js';
import { type DocumentRecord, headingLine, inReadingOrder, type Passage } from './passage.js';
import { SqliteMirror } from './sqlite-mirror.js';
import { SqlitePostings } from './sqlite-postings.js';
import { bytesOf, type ChunkRow, type DocumentRow, toPassage, vectorOf } from './sqlite-rows.js';
import { checkIdentity, createSchema, type EncoderIdentity } from './sqlite-schema.js';
import { reorderPostings, upgradeFirstLayout } from './sqlite-upgrade.js';
import { TopK } from './top-k.js';

/**
 * Passages whose vectors are compared exactly, beyond those asked for, because rounded ones seemed nearly as near. On 67,000 passages
 * none of the true first 50 stood further down than place 63.
 */
const SPARE_CANDIDATES = 30;

/** Codes compared before other work gets its turn: some 6 ms. */
const COMPARED_AT_ONCE = 300_000;

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
    // 64 MB, as negative numbers are kB: filling a large index touches far more than the 2 MB that are kept otherwise.
    db.pragma('cache_size = -65536');
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
  readonly #mirror: SqliteMirror;
  #scores = new Float64Array(0);
  /** Settles when the next piece of long work may begin. */
  #turns: Promise<void> = Promise.resolve();

  constructor(db: Database.Database, file: string, encoder: EncoderIdentity | null) {
    this.#db = db;
    this.#encoder = encoder && { id: encoder.id, name: encoder.name, dimensions: encoder.dimensions };
    const { refusesDocuments } = db
      .transaction(() => {
        createSchema(db);
        upgradeFirstLayout(db);
        reorderPostings(db);
        return checkIdentity(db, file, encoder);
      })
      .immediate();
    this.#refusesDocuments = refusesDocuments;
    this.#postings = new SqlitePostings(db);
    this.#mirror = new SqliteMirror(db, encoder?.dimensions ?? null);
  }

  async describe(): Promise<IndexDescription> {
    return guard(() => {
      this.#mirror.refresh();
      return { encoder: this.#encoder, documents: this.#mirror.documents, chunks: this.#mirror.chunks };
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
      this.#postings.add(chunks, rows, (row) => this.#mirror.audienceOfRow[row] !== 0);
    });
  }

  async remove(documentIds: readonly string[]): Promise<void> {
    this.#write(() => {
      for (const id of documentIds) this.#deleteDocument(id);
    });
  }

  async dense(vectors: readonly Float32Array[], filter: AudienceFilter, k: number): Promise<HitList[]> {
    const lists: HitList[] = [];
    while (lists.length < vectors.length) {
      const atOnce = Math.max(1, Math.floor(COMPARED_AT_ONCE / (this.#mirror.codes?.count || 1)));
      const group = vectors.slice(lists.length, lists.length + atOnce);
      lists.push(...(await this.#inTurn(() => this.#nearest(group, filter, k))));
    }
    return lists;
  }

  lexical(terms: SparseVector, filter: AudienceFilter, k: number): Promise<HitList> {
    return this.#inTurn(() => this.#bestByWords(terms, filter, k));
  }

  async passages(ids: readonly string[], filter: AudienceFilter): Promise<Passage[]> {
    return guard(() => {
      this.#mirror.refresh();
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
      this.#mirror.refresh();
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
    const page = 'SELECT * FROM documents WHERE id > ? ORDER BY id LIMIT ?';
    return this.#readWhole(() =>
      this.#db.prepare<[string, number], DocumentRow>(page).all(after ?? '', limit),
    );
  }

  async wholeDocuments(ids: readonly string[]): Promise<IndexedDocument[]> {
    const found = this.#readWhole(() => {
      const one = this.#db.prepare<[string], DocumentRow>('SELECT * FROM documents WHERE id = ?');
      return ids.flatMap((id) => one.get(id) ?? []);
    });
    return found.filter(({ chunks }) => chunks.length > 0);
  }

  /** A document is stored in one transaction. */
  async orphans(): Promise<readonly Orphan[]> {
    return [];
  }

  async removeOrphans(): Promise<void> {}

  async close(): Promise<void> {
    this.#db.close();
  }

  /** One transaction, so that no document is read half old and half new. */
  #readWhole(select: () => DocumentRow[]): IndexedDocument[] {
    return guard(() => {
      const chunks = this.#db.prepare<[string], ChunkRow>(
        'SELECT * FROM chunks WHERE document = ? ORDER BY ordinal',
      );
      const read = this.#db.transaction(() => {
        this.#mirror.refresh();
        return select().map((row) => {
          const document = this.#toDocument(row);
          return { document, chunks: chunks.all(row.id).map((chunk) => this.#toIndexed(chunk, document)) };
        });
      });
      return read();
    });
  }

  #toIndexed(row: ChunkRow, document: DocumentRecord): IndexedChunk {
    const { document: _document, score: _score, ...chunk } = toPassage(row, document);
    const terms = chunkTerms(headingLine(document.title, chunk.path), chunk.text);
    const stored =
      this.#encoder === null
        ? undefined
        : this.#db
            .prepare<[number], Buffer>('SELECT vector FROM chunk_vectors WHERE row = ?')
            .pluck()
            .get(row.row);
    return stored === undefined ? { ...chunk, terms } : { ...chunk, terms, vector: vectorOf(stored) };
  }

  /** One transaction: all of `change` or nothing, in the file and in memory. */
  #write(change: () => void): void {
    guard(() => {
      try {
        this.#db
          .transaction(() => {
            this.#mirror.refresh();
            change();
            this.#mirror.store();
          })
          .immediate();
      } catch (error) {
        this.#mirror.forget();
        throw error;
      }
    });
  }

  #nearest(vectors: readonly Float32Array[], filter: AudienceFilter, k: number): HitList[] {
    this.#mirror.refresh();
    const { codes, moments } = this.#mirror;
    if (codes === null) return vectors.map(() => ({ hits: [], mean: 0, deviation: 0 }));
    const stored = this.#db
      .prepare<[number], Buffer>('SELECT vector FROM chunk_vectors WHERE row = ?')
      .pluck();
    const candidates = codes.nearest(vectors, k + SPARE_CANDIDATES, this.#mirror.readable(filter));
    // The parts of a question find many of the same rows: each is read once.
    const exact = new Map<number, Float32Array>();
    for (const row of new Set(candidates.flat())) {
      const bytes = stored.get(row);
      if (bytes !== undefined) exact.set(row, vectorOf(bytes));
    }
    return vectors.map((vector, at) => {
      const best = new TopK(k);
      for (const row of candidates[at] ?? []) {
        const found = exact.get(row);
        if (found !== undefined) best.offer(row, dotProduct(vector, found));
      }
      const statistics = moments?.scoreStatistics(vector) ?? { mean: 0, deviation: 0 };
      return { hits: this.#toHits(best.sorted()), ...statistics };
    });
  }

  /**
   * Long work over the whole index, one piece between two turns of the event loop: many questions at once would otherwise do theirs in a
   * row, and a platform that waits to be acknowledged would wait for all of them.
   */
  #inTurn<T>(work: () => T): Promise<T> {
    const done = this.#turns.then(() => guard(work));
    this.#turns = done.then(
      () => nextTurn(),
      () => nextTurn(),
    );
    return done;
  }

  #bestByWords(terms: SparseVector, filter: AudienceFilter, k: number): HitList {
    this.#mirror.refresh();
    const mayRead = this.#mirror.readable(filter);
    const touched = this.#scoreRows(terms);
    const best = new TopK(k);
    let sum = 0;
    let sumOfSquares = 0;
    for (const row of touched) {
      const score = this.#scores[row] ?? 0;
      this.#scores[row] = 0;
      if (!mayRead(row)) continue;
      sum += score;
      sumOfSquares += score * score;
      best.offer(row, score);
    }
    const { chunks } = this.#mirror;
    const mean = chunks === 0 ? 0 : sum / chunks;
    const variance = chunks === 0 ? 0 : sumOfSquares / chunks - mean * mean;
    return { hits: this.#toHits(best.sorted()), mean, deviation: Math.sqrt(Math.max(0, variance)) };
  }

  /** Adds up idf x weight x weight per row, also of rows that are gone; returns the rows that got a score, each once. */
  #scoreRows(terms: SparseVector): number[] {
    const { audienceOfRow, chunks } = this.#mirror;
    if (this.#scores.length < audienceOfRow.length) this.#scores = new Float64Array(audienceOfRow.length);
    const scores = this.#scores;
    const touched: number[] = [];
    terms.ids.forEach((term, at) => {
      const lists = this.#postings.find(term);
      let matching = 0;
      for (const { rows } of lists) {
        for (let position = 0; position < rows.length; position++) {
          if (audienceOfRow[rows[position] as number] !== 0) matching++;
        }
      }
      const factor = inverseDocumentFrequency(chunks, matching) * (terms.weights[at] ?? 0);
      for (const { rows, weights } of lists) {
        for (let position = 0; position < rows.length; position++) {
          const row = rows[position] as number;
          const before = scores[row] as number;
          if (before === 0) touched.push(row);
          scores[row] = before + factor * (weights[position] as number);
        }
      }
    });
    return touched;
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
    this.#mirror.addAudienceSet(id, tags);
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
    this.#mirror.countDocuments(1);
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
    const vector = this.#encoder === null ? undefined : chunk.vector;
    if (vector !== undefined)
      this.#db.prepare('INSERT INTO chunk_vectors (row, vector) VALUES (?, ?)').run(row, bytesOf(vector));
    this.#mirror.addRow(row, audience, vector);
    return row;
  }

  #deleteDocument(id: string): void {
    const rows = this.#db
      .prepare<[string], { row: number }>('SELECT row FROM chunks WHERE document = ?')
      .all(id);
    for (const { row } of rows) {
      const stored = this.#db
        .prepare<[number], Buffer>('DELETE FROM chunk_vectors WHERE row = ? RETURNING vector')
        .pluck()
        .get(row);
      this.#mirror.removeRow(row, stored && vectorOf(stored));
    }
    this.#db.prepare('DELETE FROM chunks WHERE document = ?').run(id);
    const { changes } = this.#db.prepare('DELETE FROM documents WHERE id = ?').run(id);
    this.#mirror.countDocuments(-changes);
  }

  #toDocument(row: DocumentRow): DocumentRecord {
    return {
      id: row.id,
      source: row.source,
      path: row.path,
      title: row.title,
      contentHash: row.content_hash,
      audience: this.#mirror.audienceTags(row.audience),
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
