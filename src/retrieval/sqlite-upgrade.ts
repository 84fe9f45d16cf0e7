// Takes an index file of the first layout over into the second: its vectors move, so that nothing is encoded anew.
import type Database from 'better-sqlite3';

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
