// State on a PostgreSQL server: for several replicas of the bot.
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { Logger } from 'pino';
import { migrate } from './migrations.js';
import { storageError } from './storage-error.js';
import type { Store, Tables } from './store.js';

/** Few are enough: each question needs a handful of short queries. */
const CONNECTIONS = 5;

/** ms. Slack waits 3 s for an acknowledgement, and a server that is away should be noticed within that. */
const CONNECT_MS = 2_500;

/** A query without an answer after this long has failed, ms. */
const QUERY_MS = 10_000;

/** Opens the database that `url` names (`postgresql://user:password@host/database`). Rejects with `storage_unavailable`. */
export async function openPostgresStore(url: string, log: Logger): Promise<Store> {
  const pool = new pg.Pool({
    connectionString: url,
    application_name: 'chipwright',
    max: CONNECTIONS,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: QUERY_MS,
    types: { getTypeParser },
  });
  // Without listeners, a connection that breaks between two queries would end the process: the pool hears of those that nobody
  // uses, and of one in the middle of a transaction only the connection itself.
  pool.on('error', () => {});
  pool.on('connect', (client) =>
    client.on('error', (error) => log.warn({ err: error }, 'a connection to PostgreSQL broke')),
  );
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  try {
    await migrate(db, 'postgres');
    // A commit there has waited for the server's disk.
    return { db, durable: async () => {}, close: () => db.destroy() };
  } catch (error) {
    await db.destroy();
    throw storageError(error);
  }
}

/** Counts and times are numbers here as on SQLite; none of them comes near 2^53. */
const getTypeParser: typeof pg.types.getTypeParser = (oid: number, format?: 'text' | 'binary') =>
  oid === pg.types.builtins.INT8 ? Number : pg.types.getTypeParser(oid, format as 'text');
