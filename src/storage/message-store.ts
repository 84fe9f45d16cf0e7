// The messages that were taken in: put once, claimed by one process at a time, ended once.
import { type Kysely, sql } from 'kysely';
import type { Store, Tables } from './store.js';

export interface NewMessage {
  /** The same for every delivery of one message. */
  readonly key: string;
  readonly platform: string;
  readonly thread: string;
  readonly person: string;
  /** What the message says; cleared once it was answered. */
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** A message that its owner is to answer. */
export interface ClaimedMessage {
  readonly key: string;
  readonly body: string;
  /** What of a reply is in the conversation already, as last recorded. */
  readonly record: string | null;
  /** Whether it was claimed before, by this process or another. */
  readonly again: boolean;
  /** Earlier claims that ended in a failure. */
  readonly failures: number;
}

/** Who holds a message, and the sign of life that was last seen. */
export interface Claim {
  readonly key: string;
  readonly owner: string;
  readonly beat: number;
}

/** Every method is one step: done or not, also when the process dies in it. They reject with the engine's errors. */
export class MessageStore {
  readonly #db: Kysely<Tables>;

  constructor(store: Store) {
    this.#db = store.db;
  }

  /** Stores a message that is new, unless `mostWaiting` wait already. Resolves when it is safe on the disk. */
  async put(message: NewMessage, mostWaiting: number): Promise<'stored' | 'known' | 'full'> {
    const { key, platform, thread, person, body, receivedAt } = message;
    const stored = await sql`
      INSERT INTO messages (key, platform, thread, person, body, received_at)
      SELECT CAST(${key} AS TEXT), CAST(${platform} AS TEXT), CAST(${thread} AS TEXT), CAST(${person} AS TEXT),
        CAST(${body} AS TEXT), CAST(${receivedAt} AS BIGINT)
      WHERE (SELECT count(*) FROM messages WHERE state = 'received') < ${mostWaiting}
      ON CONFLICT (key) DO NOTHING
      RETURNING seq`.execute(this.#db);
    if (stored.rows.length > 0) return 'stored';
    const known = await this.#db
      .selectFrom('messages')
      .select('key')
      .where('key', '=', key)
      .executeTakeFirst();
    return known === undefined ? 'full' : 'known';
  }

  /**
   * Claims the next message of these platforms: the oldest of a thread in which nothing is being answered, and among those
   * the one of the person whose last turn is longest ago. Undefined when there is none.
   */
  async claim(owner: string, platforms: readonly string[]): Promise<ClaimedMessage | undefined> {
    // Looked at without the lock first: mostly there is nothing.
    if ((await nextOf(this.#db, platforms)) === undefined) return undefined;
    return this.#db.transaction().execute(async (transaction) => {
      // First of all, as it keeps out the other processes: two of them must not begin one thread, or one message.
      const { value: turn } = await transaction
        .updateTable('counters')
        .set((row) => ({ value: row('value', '+', 1) }))
        .where('name', '=', 'turn')
        .returning('value')
        .executeTakeFirstOrThrow();
      const next = await nextOf(transaction, platforms);
      if (next === undefined) return undefined;
      const { key, body, record, failures } = await transaction
        .updateTable('messages')
        .set({ state: 'claimed', owner, turn })
        .where('seq', '=', next.seq)
        .returning(['key', 'body', 'record', 'failures'])
        .executeTakeFirstOrThrow();
      return { key, body: body ?? '', record, failures, again: next.turn !== null };
    });
  }

  /** Shows that the owner of these messages lives. Resolves to those that are still its own. */
  async beat(owner: string, keys: readonly string[]): Promise<ReadonlySet<string>> {
    const own = await this.#db
      .updateTable('messages')
      .set((row) => ({ beat: row('beat', '+', 1) }))
      .where('state', '=', 'claimed')
      .where('owner', '=', owner)
      .where('key', 'in', keys)
      .returning('key')
      .execute();
    return new Set(own.map(({ key }) => key));
  }

  /** Keeps what of a reply is in the conversation. False when the message is no longer the owner's. */
  async record(owner: string, key: string, record: string): Promise<boolean> {
    return this.#ofOwner(owner, key, { record });
  }

  /** The message has its answer or its notice; what it said is cleared. False when it is no longer the owner's. */
  async end(owner: string, key: string, state: 'answered' | 'noticed'): Promise<boolean> {
    return this.#ofOwner(owner, key, { state, body: null, record: null, owner: null });
  }

  /** Gives the message back to be claimed anew, before all others of its thread. False when it is no longer the owner's. */
  async handBack(owner: string, key: string, failed: boolean): Promise<boolean> {
    return this.#ofOwner(owner, key, { state: 'received', owner: null }, failed);
  }

  /** All claims. */
  async claims(): Promise<readonly Claim[]> {
    const rows = await this.#db
      .selectFrom('messages')
      .select(['key', 'owner', 'beat'])
      .where('state', '=', 'claimed')
      .execute();
    return rows.map(({ key, owner, beat }) => ({ key, owner: owner ?? '', beat }));
  }

  /** Takes a message from an owner that died. False when the owner gave a sign of life since `claim` was seen, or ended it. */
  async takeBack({ key, owner, beat }: Claim): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('messages')
      .set((row) => ({ state: 'received', owner: null, failures: row('failures', '+', 1) }))
      .where('key', '=', key)
      .where('state', '=', 'claimed')
      .where('owner', '=', owner)
      .where('beat', '=', beat)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }

  /** Removes what was received before `time` and is not being answered. Resolves to how many of them had no answer yet. */
  async forget(time: number): Promise<number> {
    const gone = await this.#db
      .deleteFrom('messages')
      .where('received_at', '<', time)
      .where('state', '<>', 'claimed')
      .returning('state')
      .execute();
    return gone.filter(({ state }) => state === 'received').length;
  }

  async #ofOwner(
    owner: string,
    key: string,
    change: Partial<Pick<Tables['messages'], 'state' | 'body' | 'record' | 'owner'>>,
    failed = false,
  ): Promise<boolean> {
    const { numUpdatedRows } = await this.#db
      .updateTable('messages')
      .set((row) => ({ ...change, ...(failed ? { failures: row('failures', '+', 1) } : {}) }))
      .where('key', '=', key)
      .where('state', '=', 'claimed')
      .where('owner', '=', owner)
      .executeTakeFirst();
    return numUpdatedRows > 0n;
  }
}

function nextOf(db: Kysely<Tables>, platforms: readonly string[]) {
  return db
    .selectFrom('messages as next')
    .select(['next.seq', 'next.turn'])
    .where('next.state', '=', 'received')
    .where('next.platform', 'in', platforms)
    .where(({ not, exists, selectFrom }) =>
      not(
        exists(
          selectFrom('messages as before')
            .select('before.seq')
            .whereRef('before.thread', '=', 'next.thread')
            .where(({ or, and, eb }) =>
              or([
                eb('before.state', '=', 'claimed'),
                and([eb('before.state', '=', 'received'), eb('before.seq', '<', eb.ref('next.seq'))]),
              ]),
            ),
        ),
      ),
    )
    .orderBy(({ fn, selectFrom, lit }) =>
      fn.coalesce(
        selectFrom('messages as person')
          .select(({ fn }) => fn.max('person.turn').as('turn'))
          .whereRef('person.person', '=', 'next.person'),
        lit(0),
      ),
    )
    .orderBy('next.seq')
    .limit(1)
    .executeTakeFirst();
}
