// The embedded index: the contract, and what only a file can get wrong.
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import type { IndexedDocument } from '../../src/retrieval/index-port.js';
import { questionTerms } from '../../src/retrieval/lexical.js';
import { openSqliteIndex } from '../../src/retrieval/sqlite-index.js';
import { audience } from '../../src/safety/access.js';
import { CONTRACT_ENCODER, indexContract, sampleDocument, unitVector } from '../contract/index.contract.js';

indexContract({
  name: 'the embedded index',
  open: async () => openSqliteIndex(':memory:', { encoder: CONTRACT_ENCODER }),
});

/** What sqlite-vec left below its table: the vectors in blocks of four, and for each row its block and place. */
function turnIntoFirstLayout(file: string): void {
  const db = new Database(file);
  db.exec(`
    CREATE TABLE vectors (a);
    CREATE TABLE vectors_chunks (chunk_id INTEGER PRIMARY KEY, size INTEGER);
    CREATE TABLE vectors_rowids (rowid INTEGER PRIMARY KEY, chunk_id INTEGER, chunk_offset INTEGER);
    CREATE TABLE vectors_vector_chunks00 (rowid PRIMARY KEY, vectors BLOB);
  `);
  const rows = db.prepare<[], { row: number; vector: Buffer }>('SELECT * FROM chunk_vectors').all();
  for (let block = 0; 2 * block < rows.length; block++) {
    const bytes = Buffer.alloc(4 * 32);
    rows.slice(2 * block, 2 * block + 2).forEach(({ row, vector }, at) => {
      vector.copy(bytes, (2 * at + 1) * 32);
      db.prepare('INSERT INTO vectors_rowids VALUES (?, ?, ?)').run(row, block, 2 * at + 1);
    });
    db.prepare('INSERT INTO vectors_chunks VALUES (?, 4)').run(block);
    db.prepare('INSERT INTO vectors_vector_chunks00 VALUES (?, ?)').run(block, bytes);
  }
  db.exec("DROP TABLE chunk_vectors; UPDATE identity SET value = '1' WHERE key = 'schema'");
  db.close();
}

/** As the posting lists were stored before: by term, then segment. */
function turnIntoTermOrder(file: string): void {
  const db = new Database(file);
  db.exec(`
    ALTER TABLE postings RENAME TO later;
    CREATE TABLE postings (
      term INTEGER NOT NULL, segment INTEGER NOT NULL, rows BLOB NOT NULL, weights BLOB NOT NULL,
      PRIMARY KEY (term, segment)
    ) STRICT, WITHOUT ROWID;
    INSERT INTO postings (term, segment, rows, weights) SELECT term, segment, rows, weights FROM later;
    DROP TABLE later;
  `);
  db.close();
}

it('lets other work in between the searches of many at once', async () => {
  const index = openSqliteIndex(':memory:', { encoder: CONTRACT_ENCODER });
  await index.put([sampleDocument('a.md', ['clock tree']), sampleDocument('b.md', ['clock power'])]);
  let turn = 0;
  let counting = true;
  const count = () => {
    turn += 1;
    if (counting) setImmediate(count);
  };
  setImmediate(count);
  const query = sampleDocument('q', ['q']).chunks[0]?.vector ?? new Float32Array(8);
  const searches = Array.from({ length: 10 }, (_, at) =>
    at % 2 === 0
      ? index.dense([query], audience(), 5)
      : index.lexical(questionTerms('clock tree'), audience(), 5),
  );
  const ends = await Promise.all(searches.map((search) => search.then(() => turn)));
  counting = false;
  expect(new Set(ends).size).toBe(searches.length);
  await index.close();
});

it('goes on searching after a search that failed', async () => {
  const index = openSqliteIndex(':memory:', { encoder: CONTRACT_ENCODER });
  await index.put([sampleDocument('a.md', ['clock tree'])]);
  const broken = { ids: null, weights: null } as unknown as ReturnType<typeof questionTerms>;
  await expect(index.lexical(broken, audience(), 5)).rejects.toMatchObject({ code: 'index_unavailable' });
  expect((await index.lexical(questionTerms('clock tree'), audience(), 5)).hits).toHaveLength(1);
  await index.close();
});

describe('the index file', () => {
  let folder: string;
  let file: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'chipwright-index-'));
    file = join(folder, 'index.sqlite');
  });
  afterEach(() => rm(folder, { recursive: true }));

  it('keeps everything across a restart', async () => {
    const first = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    await first.put([sampleDocument('a.md', ['clock tree']), sampleDocument('b.md', ['clock power'])]);
    const question = questionTerms('clock tree');
    const before = await first.lexical(question, audience(), 5);
    const query = sampleDocument('q', ['q']).chunks[0]?.vector ?? new Float32Array(8);
    const denseBefore = await first.dense([query], audience(), 5);
    await first.close();
    const second = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    expect(await second.lexical(question, audience(), 5)).toEqual(before);
    expect(await second.dense([query], audience(), 5)).toEqual(denseBefore);
    await second.close();
  });

  it('sees what another connection wrote, without being reopened', async () => {
    const reader = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    const writer = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    expect((await reader.lexical(questionTerms('clock'), audience(), 5)).hits).toEqual([]);
    await writer.put([sampleDocument('a.md', ['clock tree'])]);
    expect((await reader.lexical(questionTerms('clock'), audience(), 5)).hits).toHaveLength(1);
    await writer.remove(['sample:a.md']);
    expect((await reader.lexical(questionTerms('clock'), audience(), 5)).hits).toEqual([]);
    await writer.close();
    await reader.close();
  });

  it('takes back a put that fails half way', async () => {
    const index = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    await index.put([sampleDocument('a.md', ['clock tree'])]);
    const twin = sampleDocument('b.md', ['one', 'two']);
    const broken = { ...twin, chunks: twin.chunks.map((chunk) => ({ ...chunk, id: 'the same id' })) };
    await expect(
      index.put([sampleDocument('a.md', ['changed'], { hash: 'h2' }), broken]),
    ).rejects.toMatchObject({
      code: 'index_unavailable',
    });
    expect((await index.lexical(questionTerms('clock'), audience(), 5)).hits.map(({ id }) => id)).toEqual([
      'a.md#0#h1',
    ]);
    expect(await index.describe()).toMatchObject({ documents: 1, chunks: 1 });
    const next = sampleDocument('c.md', ['clock again'], { random: seededRandom(2) });
    await index.put([next]);
    expect((await index.lexical(questionTerms('clock'), audience(), 5)).hits).toHaveLength(2);
    const [found] = await index.dense([next.chunks[0]?.vector as Float32Array], audience(), 5);
    expect(found?.hits.map(({ id }) => id)).toEqual(['c.md#0#h1', 'a.md#0#h1']);
    await index.close();
  });

  it('lets an empty file change its encoder', async () => {
    await openSqliteIndex(file, { encoder: null }).close();
    const wider = { id: 'wider@1', name: 'wider', dimensions: 16 };
    await openSqliteIndex(file, { encoder: wider }).close();
    const index = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    await index.put([sampleDocument('a.md', ['clock tree'])]);
    expect(await index.describe()).toEqual({ encoder: CONTRACT_ENCODER, documents: 1, chunks: 1 });
    await index.close();
  });

  it('takes the first encoder into a file of words alone, and asks for its documents anew', async () => {
    const words = openSqliteIndex(file, { encoder: null });
    await words.put([sampleDocument('a.md', ['clock tree'])]);
    await words.close();
    const index = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    expect((await index.lexical(questionTerms('clock'), audience(), 5)).hits).toHaveLength(1);
    expect((await index.contentHashes('sample')).get('sample:a.md')).not.toBe('h1');
    await index.put([sampleDocument('a.md', ['clock tree'])]);
    const query = sampleDocument('q', ['q']).chunks[0]?.vector ?? new Float32Array(8);
    expect((await index.dense([query], audience(), 5))[0]?.hits).toHaveLength(1);
    await index.close();
  });

  it('refuses a file of another encoder, naming both', async () => {
    const built = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    await built.put([sampleDocument('a.md', ['clock tree'])]);
    await built.close();
    const other = { id: 'other@2', name: 'other', dimensions: 8 };
    expect(() => openSqliteIndex(file, { encoder: other })).toThrow(/contract@1.*other@2/);
  });

  it('still searches words in a file with vectors when there is no encoder, but takes no documents', async () => {
    const full = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    await full.put([sampleDocument('a.md', ['clock tree'])]);
    await full.close();
    const words = openSqliteIndex(file, { encoder: null });
    expect((await words.lexical(questionTerms('clock'), audience(), 5)).hits).toHaveLength(1);
    expect(await words.describe()).toMatchObject({ encoder: null, chunks: 1 });
    await expect(words.put([sampleDocument('b.md', ['more'])])).rejects.toMatchObject({
      code: 'index_mismatch',
    });
    await words.close();
  });

  it('goes on with a file of the first layout, vectors and all', async () => {
    const built = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    const documents = [sampleDocument('a.md', ['clock tree', 'skew']), sampleDocument('b.md', ['power'])];
    await built.put(documents);
    await built.close();
    turnIntoFirstLayout(file);
    const index = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    for (const chunk of documents.flatMap(({ chunks }) => chunks)) {
      const [found] = await index.dense([chunk.vector as Float32Array], audience(), 1);
      expect(found?.hits[0]?.score).toBeCloseTo(1, 5);
    }
    await index.put([sampleDocument('c.md', ['route'])]);
    expect(await index.describe()).toMatchObject({ documents: 3, chunks: 4 });
    await index.close();
    const db = new Database(file);
    expect(db.prepare("SELECT name FROM sqlite_schema WHERE name LIKE 'vectors%'").all()).toEqual([]);
    db.close();
  });

  it('goes on with a file whose posting lists are in the order of terms', async () => {
    const built = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    await built.put([sampleDocument('a.md', ['clock tree', 'skew']), sampleDocument('b.md', ['power'])]);
    await built.put([sampleDocument('c.md', ['clock power'])]);
    const before = await built.lexical(questionTerms('clock power'), audience(), 5);
    await built.close();
    turnIntoTermOrder(file);
    const index = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    expect(before.hits).toHaveLength(3);
    expect(await index.lexical(questionTerms('clock power'), audience(), 5)).toEqual(before);
    await index.close();
    const db = new Database(file);
    expect(db.prepare("SELECT name FROM pragma_table_info('postings') WHERE pk = 1").pluck().get()).toBe(
      'segment',
    );
    db.close();
  });

  it('finds the same by words however its documents came, and keeps few segments', async () => {
    const random = seededRandom(34);
    const words = ['clock', 'tree', 'skew', 'power', 'route', 'pin', 'place'];
    const text = () => Array.from({ length: 5 }, () => words[Math.floor(random() * words.length)]).join(' ');
    const documents = Array.from({ length: 300 }, (_, at) =>
      sampleDocument(`d${at}.md`, [text(), text()], { random }),
    );
    const gone = documents.filter(() => random() < 0.2).map(({ document }) => document.id);
    const whole = openSqliteIndex(':memory:', { encoder: CONTRACT_ENCODER });
    await whole.put(documents.filter(({ document }) => !gone.includes(document.id)));
    const grown = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    for (let at = 0; at < documents.length; ) {
      const count = random() < 0.1 ? 40 : 1;
      await grown.put(documents.slice(at, at + count));
      at += count;
      if (at === 150) await grown.remove(gone.slice(0, 10));
    }
    await grown.remove(gone);
    for (const question of ['clock tree', 'skew power route', 'pin']) {
      const [one, other] = await Promise.all(
        [whole, grown].map((index) => index.lexical(questionTerms(question), audience(), 500)),
      );
      const scores = new Map(other?.hits.map(({ id, score }) => [id, score]));
      expect(scores.size).toBe(one?.hits.length);
      for (const { id, score } of one?.hits ?? []) expect(scores.get(id)).toBeCloseTo(score, 4);
    }
    for (const index of [whole, grown]) await index.close();
    const db = new Database(file);
    expect(db.prepare('SELECT count(*) FROM segments').pluck().get()).toBeLessThan(20);
    db.close();
  });

  it('follows another connection through many changes', async () => {
    const random = seededRandom(21);
    const reader = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    const writer = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    const current = new Map<string, IndexedDocument>();
    for (let step = 0; step < 60; step++) {
      const name = `m${step % 7}.md`;
      if (step % 5 === 4) {
        current.delete(name);
        await writer.remove([`sample:${name}`]);
      } else {
        const document = sampleDocument(name, ['one', 'two', 'three'], { random, hash: `h${step}` });
        current.set(name, document);
        await writer.put([document]);
      }
      if (step % 3 !== 0) continue;
      const query = unitVector(random);
      const [found] = await reader.dense([query], audience(), 500);
      const scores = [...current.values()]
        .flatMap(({ chunks }) => chunks)
        .map(({ vector }) => (vector ?? query).reduce((sum, value, at) => sum + value * (query[at] ?? 0), 0))
        .sort((a, b) => b - a);
      expect(found?.hits).toHaveLength(scores.length);
      found?.hits.forEach(({ score }, at) => {
        expect(score).toBeCloseTo(scores[at] ?? 9, 5);
      });
      expect(await reader.describe()).toEqual(await writer.describe());
    }
    await writer.close();
    await reader.close();
  });

  it('reads everything again when it has missed more removals than are remembered', async () => {
    const reader = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    const writer = openSqliteIndex(file, { encoder: CONTRACT_ENCODER });
    await writer.put([sampleDocument('a.md', ['clock tree'])]);
    await reader.describe();
    for (let version = 0; version < 1_200; version += 100) {
      const texts = Array.from({ length: 100 }, (_, at) => `clock ${version + at}`);
      await writer.put([sampleDocument('b.md', texts, { hash: `h${version}` })]);
    }
    await writer.remove(['sample:a.md']);
    for (let version = 0; version < 3; version++)
      await writer.put([sampleDocument('b.md', ['clock one', 'clock two'], { hash: `last${version}` })]);
    const query = unitVector(seededRandom(2));
    expect(await reader.describe()).toMatchObject({ documents: 1, chunks: 2 });
    expect((await reader.dense([query], audience(), 9))[0]).toEqual(
      (await writer.dense([query], audience(), 9))[0],
    );
    expect((await reader.lexical(questionTerms('clock'), audience(), 9)).hits).toHaveLength(2);
    await writer.close();
    await reader.close();
  });

  it('says what is wrong with a path or a file it cannot use', async () => {
    expect(() => openSqliteIndex(join(folder, 'missing', 'index.sqlite'), { encoder: null })).toThrow(
      /could not be opened/,
    );
    await writeFile(file, 'this is no database, but long enough to look at'.repeat(50));
    expect(() => openSqliteIndex(file, { encoder: null })).toThrow(/could not be opened/);
  });
});
