// The answers that were given and what people thought of them: what the retriever may learn from.
import { type Kysely, sql } from 'kysely';
import type { Store, Tables } from './store.js';

export interface GivenAnswer {
  /** What a rating calls it by. */
  readonly name: string;
  readonly question: string;
  /** Ids of the passages it cited. */
  readonly passages: readonly string[];
  /** Milliseconds since the epoch. */
  readonly givenAt: number;
}

export interface RatedAnswer {
  readonly question: string;
  /** Ids of the passages it cited. */
  readonly passages: readonly string[];
  readonly helpful: number;
  readonly unhelpful: number;
}

/** Its methods reject with the engine's errors. */
export class AnswerStore {
  readonly #db: Kysely<Tables>;
  readonly #durable: () => Promise<void>;

  constructor(store: Store) {
    this.#db = store.db;
    this.#durable = store.durable;
  }

  /** Answered anew, a question has its last answer under the same name. */
  async add({ name, question, passages, givenAt }: GivenAnswer): Promise<void> {
    const values = { question, passages: JSON.stringify(passages), given_at: givenAt };
    await this.#db
      .insertInto('answers')
      .values({ name, ...values })
      .onConflict((known) => known.column('name').doUpdateSet(values))
      .execute();
  }

  /** Resolves when the rating is safe on the disk; false when there is no such answer, or none any more. */
  async rate(
    name: string,
    person: string,
    verdict: 'helpful' | 'unhelpful',
    ratedAt: number,
  ): Promise<boolean> {
    const rated = await sql`
      INSERT INTO ratings (name, person, verdict, rated_at)
      SELECT name, CAST(${person} AS TEXT), CAST(${verdict} AS TEXT), CAST(${ratedAt} AS BIGINT)
      FROM answers WHERE name = ${name}
      ON CONFLICT (name, person) DO UPDATE SET verdict = excluded.verdict, rated_at = excluded.rated_at
      RETURNING name`.execute(this.#db);
    if (rated.rows.length === 0) return false;
    await this.#durable();
    return true;
  }

  /** Rated answers, oldest first. */
  async rated(): Promise<readonly RatedAnswer[]> {
    const rows = await this.#db
      .selectFrom('answers')
      .innerJoin('ratings', 'ratings.name', 'answers.name')
      .select(({ fn }) => [
        'answers.question',
        'answers.passages',
        fn.count<number>('ratings.person').as('all'),
        fn.sum<number>(sql`CASE WHEN ratings.verdict = 'helpful' THEN 1 ELSE 0 END`).as('helpful'),
      ])
      .groupBy(['answers.name', 'answers.question', 'answers.passages', 'answers.given_at'])
      .orderBy('answers.given_at')
      .orderBy('answers.name')
      .execute();
    return rows.map(({ question, passages, all, helpful }) => ({
      question,
      passages: JSON.parse(passages) as string[],
      helpful: Number(helpful),
      unhelpful: Number(all) - Number(helpful),
    }));
  }

  /** Removes answers given before `time` that nobody rated, and those given before `ratedTime` with their ratings. */
  async forget(time: number, ratedTime: number): Promise<void> {
    await this.#db.transaction().execute(async (transaction) => {
      const old = transaction.selectFrom('answers').select('name').where('given_at', '<', ratedTime);
      await transaction.deleteFrom('ratings').where('name', 'in', old).execute();
      await transaction
        .deleteFrom('answers')
        .where('given_at', '<', time)
        .where(({ not, exists, selectFrom }) =>
          not(exists(selectFrom('ratings').select('person').whereRef('ratings.name', '=', 'answers.name'))),
        )
        .execute();
    });
  }
}
