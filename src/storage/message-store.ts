// The messages that were taken in: put once, claimed by one process at a time, ended once.
import { type Kysely, sql } from 'kysely';
import type { Store, Tables } from './store.js';

export interface NewMessage {
  /** The same for every delivery of one message. */
  readonly key: string;
  readonly platform: string;
  readonly thread: string;
  readonly person: string;
  readonly workspace: string;
  /** What the message says; cleared once it was answered. */
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** How much is taken in. */
export interface IntakeLimits {
  /** Messages that may wait, of everybody. */
  readonly waiting: number;
  /** Messages of one person that may wait. No limit when absent, as with the others. */
  readonly waitingPerPerson?: number;
  /** Messages of one person within a minute. */
  readonly perMinutePerPerson?: number;
  /** Messages of one workspace within a minute. */
  readonly perMinutePerWorkspace?: number;
}

const LIMITS = ['waitingPerPerson', 'perMinutePerPerson', 'perMinutePerWorkspace'] as const;

export type Limit = (typeof LIMITS)[number];

/** A message beyond a limit. */
export interface Refused {
  readonly limit: Limit;
  /** Of this person, in this thread, within a minute: for the others the person was told already. */
  readonly isFirst: boolean;
}

const NO_LIMITS: Readonly<Record<Limit, number>> = {
  waitingPerPerson: Number.MAX_SAFE_INTEGER,
  perMinutePerPerson: Number.MAX_SAFE_INTEGER,
  perMinutePerWorkspace: Number.MAX_SAFE_INTEGER,
};

const MINUTE_MS = 60_000;

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
  readonly #durable: () => Promise<void>;

  constructor(store: Store) {
    this.#db = store.db;
    this.#durable = store.durable;
  }

  /**
   * Stores a message that is new, unless so many wait already or a limit of its person or workspace is reached. Resolves when it is
   * safe on the disk. Several that come in the same moment on different machines may together pass a limit by their number.
   */
  async put(message: NewMessage, limits: IntakeLimits): Promise<'stored' | 'known' | 'full' | Refused> {
    const put = await this.#put(message, limits);
    // One that is known, too, may have come in a moment ago.
    if (put === 'stored' || put === 'known') await this.#durable();
    return put;
  }

  async #put(message: NewMessage, limits: IntakeLimits): Promise<'stored' | 'known' | 'full' | Refused> {
    const { key, platform, thread, person, workspace, body, receivedAt } = message;
    const { waiting, waitingPerPerson, perMinutePerPerson, perMinutePerWorkspace } = {
      ...NO_LIMITS,
      ...limits,
    };
    const stored = await sql`
      INSERT INTO messages (key, platform, thread, person, workspace, body, received_at)
      SELECT CAST(${key} AS TEXT), CAST(${platform} AS TEXT), CAST(${thread} AS TEXT), CAST(${person} AS TEXT),
        CAST(${workspace} AS TEXT), CAST(${body} AS TEXT), CAST(${receivedAt} AS BIGINT)
      WHERE ${countWaiting()} < ${waiting} AND ${countWaiting(person)} < ${waitingPerPerson}
        AND ${countMinute('person', person, receivedAt)} < ${perMinutePerPerson}
        AND ${countMinute('workspace', workspace, receivedAt)} < ${perMinutePerWorkspace}
      ON CONFLICT (key) DO NOTHING
      RETURNING seq`.execute(this.#db);
    if (stored.rows.length > 0) return 'stored';
    const known = await this.#db
      .selectFrom('messages')
      .select('key')
      .where('key', '=', key)
      .executeTakeFirst();
    if (known !== undefined) return 'known';
    const limit = await this.#limitOf(message, limits);
    return limit === undefined ? 'full' : this.#refuse(message, limit);
  }

  /** The limit that a message is beyond; undefined when it is none of its person or workspace. */
  async #limitOf(
    { person, workspace, receivedAt }: NewMessage,
    limits: IntakeLimits,
  ): Promise<Limit | undefined> {
    const { waiting, ...own } = { ...NO_LIMITS, ...limits };
    const { rows } = await sql<Record<keyof typeof NO_LIMITS | 'waiting', number>>`
      SELECT ${countWaiting()} AS waiting, ${countWaiting(person)} AS "waitingPerPerson",
        ${countMinute('person', person, receivedAt)} AS "perMinutePerPerson",
        ${countMinute('workspace', workspace, receivedAt)} AS "perMinutePerWorkspace"`.execute(this.#db);
    const counts = rows[0];
    if (counts === undefined || counts.waiting >= waiting) return undefined;
    return LIMITS.find((limit) => counts[limit] >= own[limit]);
  }

  /** Remembers that it was refused, so that it is not taken when it comes again. */
  async #refuse(message: NewMessage, limit: Limit): Promise<Refused | 'known'> {
    const { key, platform, thread, person, workspace, receivedAt } = message;
    const told = await sql<{ count: number }>`
      SELECT count(*) AS count FROM messages WHERE person = ${person} AND thread = ${thread} AND state = 'refused'
        AND received_at > ${receivedAt - MINUTE_MS} AND received_at < ${receivedAt + MINUTE_MS}`.execute(
      this.#db,
    );
    const { numInsertedOrUpdatedRows: added } = await this.#db
      .insertInto('messages')
      .values({
        key,
        platform,
        thread,
        person,
        workspace,
        body: null,
        record: null,
        state: 'refused',
        owner: null,
        beat: 0,
        turn: null,
        failures: 0,
        received_at: receivedAt,
      })
      .onConflict((conflict) => conflict.column('key').doNothing())
      .executeTakeFirst();
    return added === 0n ? 'known' : { limit, isFirst: told.rows[0]?.count === 0 };
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

  /** Keeps what of a reply is in the conversation, safe on the disk. False when the message is no longer the owner's. */
  async record(owner: string, key: string, record: string): Promise<boolean> {
    const own = await this.#ofOwner(owner, key, { record });
    await this.#durable();
    return own;
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

/** How many wait, of everybody or of one person. */
function countWaiting(person?: string) {
  const whose = person === undefined ? sql`` : sql` AND person = ${person}`;
  return sql`(SELECT count(*) FROM messages WHERE state = 'received'${whose})`;
}

/** How many a person or workspace asked in the minute before; a clock that was set back meanwhile counts no more than a minute against them. */
function countMinute(of: 'person' | 'workspace', whose: string, receivedAt: number) {
  return sql`(SELECT count(*) FROM messages WHERE ${sql.ref(of)} = ${whose} AND state <> 'refused'
    AND received_at > ${receivedAt - MINUTE_MS} AND received_at < ${receivedAt + MINUTE_MS})`;
}
