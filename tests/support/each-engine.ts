// Runs the same tests on both engines that can hold the state.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import { afterAll, beforeAll, describe } from 'vitest';
import { openPostgresStore } from '../../src/storage/postgres-store.js';
import { openSqliteStore } from '../../src/storage/sqlite-store.js';
import type { Store } from '../../src/storage/store.js';
import { hasPostgres, type PostgresServer, startPostgres } from './postgres.js';

/** A place for state that is empty at first; each call of `open` opens the same one. Close what was opened. */
export interface Place {
  /** Whether processes share it that run at the same time; SQLite has them wait for each other, which one process cannot. */
  readonly shared: boolean;
  open(): Promise<Store>;
}

/** Calls `tests` once for each engine, with a function that makes a fresh place. PostgreSQL is skipped where there is none. */
export function onEachEngine(name: string, tests: (freshPlace: () => Promise<Place>) => void): void {
  describe(`${name} on SQLite`, () => {
    let folder: string;
    let places = 0;
    beforeAll(async () => {
      folder = await mkdtemp(join(tmpdir(), 'chipwright-store-'));
    });
    afterAll(() => rm(folder, { recursive: true, force: true }));
    tests(async () => {
      places += 1;
      const file = join(folder, `${places}.sqlite`);
      return { shared: false, open: () => openSqliteStore(file) };
    });
  });

  describe.skipIf(!hasPostgres)(`${name} on PostgreSQL`, () => {
    let server: PostgresServer;
    const log = pino({ level: 'silent' });
    beforeAll(async () => {
      server = await startPostgres();
    });
    afterAll(() => server?.close());
    tests(async () => {
      const url = await server.freshDatabase();
      return { shared: true, open: () => openPostgresStore(url, log) };
    });
  });
}
