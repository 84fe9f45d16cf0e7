// State in one SQLite file: the default, for one machine.
import { open } from 'node:fs/promises';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { migrate } from './migrations.js';
import { sharedSync } from './shared-sync.js';
import { storageError } from './storage-error.js';
import type { Store, Tables } from './store.js';

/** How long to wait for another process that writes, ms. The whole process waits with it, and Slack takes 3 s for an acknowledgement. */
const BUSY_MS = 1_000;

/** Opens the file, making it if it is not there; `:memory:` for what may end with the process. Rejects with `storage_unavailable`. */
export async function openSqliteStore(file: string): Promise<Store> {
  let database: Database.Database | undefined;
  try {
    database = new Database(file, { timeout: BUSY_MS });
    database.pragma('journal_mode = WAL');
    // Waiting for the disk is left to `durable`: done by SQLite at every commit, it would hold up all else the process does.
    database.pragma('synchronous = NORMAL');
    // What people asked is gone from the file when it is cleared, not only from the tables.
    database.pragma('secure_delete = ON');
    const db = new Kysely<Tables>({ dialect: new SqliteDialect({ database }) });
    await migrate(db, 'sqlite');
    if (file === ':memory:') return { db, durable: async () => {}, close: () => db.destroy() };
    // Commits are in the log beside the file, until SQLite moves them into the file, and that it does by way of the disk.
    const log = await open(`${file}-wal`, 'r+');
    return {
      db,
      durable: sharedSync(() => log.datasync()),
      async close() {
        await log.close();
        await db.destroy();
      },
    };
  } catch (error) {
    database?.close();
    throw storageError(error);
  }
}
