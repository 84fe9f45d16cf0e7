// What waits for its turn, as the store of all processes has it.
import { type Kysely, sql } from 'kysely';
import type { Store, Tables } from './store.js';

export interface WaitingMessage {
  readonly key: string;
  readonly platform: string;
  readonly thread: string;
  readonly person: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
  /** How many its asker was last told to be before it; null when nothing was told yet. */
  readonly told: number | null;
  /** The last turn of the same person, of whatever message; 0 when there was none. */
  readonly turnOfPerson: number;
}

/** Both methods reject with the engine's errors. */
export class QueueView {
  readonly #db: Kysely<Tables>;

  constructor(store: Store) {
    this.#db = store.db;
  }

  /** Everything that waits, in the order in which it came. */
  async waiting(): Promise<readonly WaitingMessage[]> {
    const { rows } = await sql<WaitingMessage>`
      SELECT key, platform, thread, person, received_at AS "receivedAt", told,
        coalesce((SELECT max(turn) FROM messages AS own WHERE own.person = messages.person), 0) AS "turnOfPerson"
      FROM messages WHERE state = 'received' ORDER BY seq`.execute(this.#db);
    return rows;
  }

  /**
   * Notes that the asker of a message is told how many are before it. Resolves to what the message says; undefined when its turn has
   * come, when something else of its thread comes first, or when another process has told as much: so of several that look at the
   * same queue one tells.
   */
  async tell(key: string, before: number): Promise<string | undefined> {
    const { rows } = await sql<{ body: string }>`
      UPDATE messages SET told = ${before}
      WHERE key = ${key} AND state = 'received' AND (told IS NULL OR told > ${before}) AND NOT EXISTS (
        SELECT 1 FROM messages AS other WHERE other.thread = messages.thread
          AND (other.state = 'claimed' OR (other.state = 'received' AND other.seq < messages.seq)))
      RETURNING body`.execute(this.#db);
    return rows[0]?.body;
  }
}
