// State in one SQLite file: the default, for one machine.
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { migrate } from './migrations.js';
import { storageError } from './storage-error.js';
import type { Store, Tables } from './store.js';

/** How long to wait for another process that writes, ms. */
const BUSY_MS = 5_000;

/** Opens the file, making it if it is not there; `:memory:` for what may end with the process. Rejects with `storage_unavailable`. */
export async function openSqliteStore(file: string): Promise<Store> {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: BUSY_MS });
    database.pragma('journal_mode = WAL');
    // A message counts as taken in once it is on the disk, also when the power fails a moment later.
    database.pragma('synchronous = FULL');
    // What people asked is gone from the file when it is cleared, not only from the tables.
    database.pragma('secure_delete = ON');
    const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
    await migrate(db, 'sqlite');
    return { db, close: () => db.destroy() };
  } catch (error) {
    database?.close();
    throw storageError(error);
  }
}
