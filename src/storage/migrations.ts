// The layouts of the tables, each made from the one before it.
import { type Kysely, type RawBuilder, sql } from 'kysely';
import { ChipwrightError } from '../errors.js';
import type { Engine, Tables } from './store.js';

/** Any number, the same in every process: whoever holds it brings the tables up to date, and the others wait. */
const LOCK = 5_224_731;

type Step = (engine: Engine) => readonly RawBuilder<unknown>[];

/** Never changed once released, only added to; the version of a store is how many of them it has gone through. */
const STEPS: readonly Step[] = [
  (engine) => {
    const seq = sql.raw(
      engine === 'sqlite'
        ? 'seq INTEGER PRIMARY KEY AUTOINCREMENT'
        : 'seq BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY',
    );
    return [
      sql`CREATE TABLE messages (
        ${seq}, key TEXT NOT NULL UNIQUE, platform TEXT NOT NULL, thread TEXT NOT NULL, person TEXT NOT NULL,
        body TEXT, record TEXT, state TEXT NOT NULL DEFAULT 'received', owner TEXT, beat BIGINT NOT NULL DEFAULT 0,
        turn BIGINT, failures BIGINT NOT NULL DEFAULT 0, received_at BIGINT NOT NULL
      )`,
      sql`CREATE INDEX messages_by_state ON messages (state, seq)`,
      sql`CREATE INDEX messages_by_thread ON messages (thread, state, seq)`,
      sql`CREATE INDEX messages_by_person ON messages (person, turn)`,
      sql`CREATE TABLE turns (
        ${seq}, thread TEXT NOT NULL, message TEXT NOT NULL UNIQUE, body TEXT NOT NULL, said_at BIGINT NOT NULL
      )`,
      sql`CREATE INDEX turns_by_thread ON turns (thread, seq)`,
      sql`CREATE INDEX turns_by_time ON turns (said_at)`,
      sql`CREATE TABLE counters (name TEXT PRIMARY KEY, value BIGINT NOT NULL)`,
      sql`INSERT INTO counters (name, value) VALUES ('turn', 0)`,
    ];
  },
  () => [
    sql`ALTER TABLE messages ADD COLUMN workspace TEXT NOT NULL DEFAULT ''`,
    sql`CREATE INDEX messages_of_person ON messages (person, received_at)`,
    sql`CREATE INDEX messages_of_workspace ON messages (workspace, received_at)`,
  ],
  () => [sql`ALTER TABLE messages ADD COLUMN told BIGINT`],
  () => [
    sql`CREATE TABLE answers (
      name TEXT PRIMARY KEY, question TEXT NOT NULL, passages TEXT NOT NULL, given_at BIGINT NOT NULL
    )`,
    sql`CREATE INDEX answers_by_time ON answers (given_at)`,
    sql`CREATE TABLE ratings (
      name TEXT NOT NULL, person TEXT NOT NULL, verdict TEXT NOT NULL, rated_at BIGINT NOT NULL, PRIMARY KEY (name, person)
    )`,
  ],
];

/**
 * Brings the tables up to date in one transaction; several processes may do so at once. Rejects with `storage_unavailable`
 * when a newer version of Chipwright has been here, and then changes nothing.
 */
export async function migrate(db: Kysely<Tables>, engine: Engine): Promise<void> {
  await db.connection().execute(async (connection) => {
    // Not Kysely's own transaction: on SQLite that would not keep others out before its first write.
    await sql.raw(engine === 'sqlite' ? 'BEGIN IMMEDIATE' : 'BEGIN').execute(connection);
    try {
      if (engine === 'postgres') await sql`SELECT pg_advisory_xact_lock(${LOCK})`.execute(connection);
      await sql`CREATE TABLE IF NOT EXISTS layout (version BIGINT NOT NULL)`.execute(connection);
      const { rows } = await sql<{ version: number }>`SELECT version FROM layout`.execute(connection);
      const version = rows[0]?.version ?? 0;
      if (version > STEPS.length) throw tooNew(version);
      for (const step of STEPS.slice(version)) {
        for (const statement of step(engine)) await statement.execute(connection);
      }
      if (version < STEPS.length) {
        await sql`DELETE FROM layout`.execute(connection);
        await sql`INSERT INTO layout (version) VALUES (${STEPS.length})`.execute(connection);
      }
      await sql`COMMIT`.execute(connection);
    } catch (error) {
      await sql`ROLLBACK`.execute(connection).catch(() => {}); // What failed first is what matters.
      throw error;
    }
  });
}

function tooNew(version: number): ChipwrightError {
  return new ChipwrightError(
    'storage_unavailable',
    `The store of questions has layout ${version}, and this version knows ${STEPS.length}.`,
    { cure: 'Start the newer version of Chipwright again, or restore a backup of the store from before it.' },
  );
}
