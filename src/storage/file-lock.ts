// One process at a time: a file that the system itself unlocks when its holder dies, however that happens.
import Database from 'better-sqlite3';

export interface FileLock {
  release(): void;
}

/**
 * Locks `file`, making it when it is not there; undefined when another process, or this one, holds it. SQLite's lock and no number of a
 * process in a file: such numbers are given out again after a restart, and mean nothing in another container that shares the folder.
 */
export function lockFile(file: string): FileLock | undefined {
  const db = new Database(file, { timeout: 0 });
  try {
    db.exec('BEGIN EXCLUSIVE');
  } catch (error) {
    db.close();
    if (error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY')) return undefined;
    throw error;
  }
  return { release: () => void db.close() };
}
