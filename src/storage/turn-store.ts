// What was said in threads: the last exchanges of each, for follow-up questions.
import type { Kysely } from 'kysely';
import type { Store, Tables } from './store.js';

export interface NewTurn {
  readonly thread: string;
  /** The message that was answered; answered anew, its exchange takes the place of the earlier one. */
  readonly message: string;
  readonly body: string;
  /** Milliseconds since the epoch. */
  readonly saidAt: number;
}

/** Its methods reject with the engine's errors. */
export class TurnStore {
  readonly #db: Kysely<Tables>;

  constructor(store: Store) {
    this.#db = store.db;
  }

  async add({ thread, message, body, saidAt }: NewTurn): Promise<void> {
    await this.#db
      .insertInto('turns')
      .values({ thread, message, body, said_at: saidAt })
      .onConflict((turn) => turn.column('message').doUpdateSet({ body, said_at: saidAt }))
      .execute();
  }

  /** The bodies of the last exchanges since `time`, oldest first, without that of `message` itself. */
  async last(thread: string, message: string, most: number, time: number): Promise<readonly string[]> {
    const rows = await this.#db
      .selectFrom('turns')
      .select('body')
      .where('thread', '=', thread)
      .where('message', '<>', message)
      .where('said_at', '>=', time)
      .orderBy('seq', 'desc')
      .limit(most)
      .execute();
    return rows.map(({ body }) => body).reverse();
  }

  /** Removes what was said before `time`. */
  async forget(time: number): Promise<void> {
    await this.#db.deleteFrom('turns').where('said_at', '<', time).execute();
  }
}
