// Takes index files of earlier layouts over, so that nothing is encoded anew.
import type Database from 'better-sqlite3';
import { POSTINGS_TABLES } from './sqlite-postings.js';

/**
 * The first layout kept the vectors in a table of the sqlite-vec extension. Below it lie plain tables, which can be read without it: the
 * vectors in blocks, and for each row its block and its place in there. Call in a transaction, after `createSchema`.
 */
export function upgradeFirstLayout(db: Database.Database): void {
  const schema = db.prepare<[], string>("SELECT value FROM identity WHERE key = 'schema'").pluck().get();
  if (schema !== '1') return;
  const tables = db
    .prepare<[], string>(
      "SELECT name FROM sqlite_schema WHERE type = 'table' AND name LIKE 'vectors\\_%' ESCAPE '\\'",
    )
    .pluck()
    .all();
  if (tables.includes('vectors_vector_chunks00')) {
    db.exec(`
      WITH places AS (
        SELECT r.rowid AS row, c.vectors AS block, r.chunk_offset AS place, length(c.vectors) / k.size AS bytes
        FROM vectors_rowids r
        JOIN vectors_chunks k ON k.chunk_id = r.chunk_id
        JOIN vectors_vector_chunks00 c ON c.rowid = r.chunk_id
      )
      INSERT INTO chunk_vectors (row, vector) SELECT row, substr(block, place * bytes + 1, bytes) FROM places;
    `);
  }
  for (const table of tables) db.exec(`DROP TABLE "${table}"`);
  dropWithoutItsExtension(db, 'vectors');
  db.prepare("UPDATE identity SET value = '2' WHERE key = 'schema'").run();
}

/**
 * The posting lists were ordered by term once, and a merge read all of them. Whoever still expects that order reads the new one rightly, so
 * it is no layout of its own. Call in a transaction.
 */
export function reorderPostings(db: Database.Database): void {
  const order = db
    .prepare<[], string>("SELECT name FROM pragma_table_info('postings') WHERE pk = 1")
    .pluck()
    .get();
  if (order !== 'term') return;
  db.exec('ALTER TABLE postings RENAME TO postings_by_term');
  db.exec(POSTINGS_TABLES);
  db.exec(`
    INSERT INTO postings (segment, term, rows, weights)
      SELECT segment, term, rows, weights FROM postings_by_term ORDER BY segment, term;
    DROP TABLE postings_by_term;
  `);
}

/** `DROP TABLE` would ask the extension first. */
function dropWithoutItsExtension(db: Database.Database, table: string): void {
  db.unsafeMode(true);
  try {
    db.pragma('writable_schema = ON');
    db.prepare('DELETE FROM sqlite_schema WHERE name = ?').run(table);
    db.pragma('writable_schema = RESET');
  } finally {
    db.unsafeMode(false);
  }
}
