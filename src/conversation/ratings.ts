// What people think of answers: each answer is remembered for a while, and a thumb up or down is kept with it.
import type { Logger } from 'pino';
import { AnswerStore } from '../storage/answer-store.js';
import { storageError } from '../storage/storage-error.js';
import type { Store } from '../storage/store.js';
import type { Answer } from './answer.js';
import { hourly } from './hourly.js';
import type { IncomingMessage, PlatformName } from './message.js';
import type { Metrics } from './metrics.js';
import type { Rated, Rating, Ratings } from './platform.js';
import type { Delivery } from './reply.js';
import { personKey } from './stored-message.js';

const DAY_MS = 24 * 60 * 60 * 1000;

/** Nobody rates an answer later; until then its question is kept. */
const UNRATED_DAYS = 14;

/** Documents and questions have changed since. */
const RATED_DAYS = 365;

export class KeptRatings implements Ratings {
  readonly #answers: AnswerStore;
  readonly #now: () => number;
  readonly #metrics: Pick<Metrics, 'rated'>;
  readonly #log: Logger;
  readonly #forgets = hourly();

  constructor(
    store: Store,
    {
      now,
      metrics,
      log,
    }: { readonly now: () => number; readonly metrics: Pick<Metrics, 'rated'>; readonly log: Logger },
  ) {
    this.#answers = new AnswerStore(store);
    this.#now = now;
    this.#metrics = metrics;
    this.#log = log;
  }

  /** Keeps what a rating of this answer will be about. Never rejects: an answer that cannot be rated is still an answer. */
  async remember(
    { thread }: Pick<IncomingMessage, 'thread'>,
    answer: Answer,
    { ratedAs = answer.id }: Delivery,
  ): Promise<void> {
    const givenAt = this.#now();
    try {
      await this.#answers.add({
        name: nameOf(thread.platform, ratedAs),
        question: answer.question,
        passages: answer.citations.map(({ passageId }) => passageId),
        givenAt,
      });
      if (this.#forgets(givenAt))
        await this.#answers.forget(givenAt - UNRATED_DAYS * DAY_MS, givenAt - RATED_DAYS * DAY_MS);
    } catch (error) {
      this.#log.warn({ answer: answer.id, err: storageError(error) }, 'an answer cannot be rated later');
    }
  }

  async rate({ platform, of, by, verdict }: Rating): Promise<Rated> {
    try {
      const name = nameOf(platform, of);
      const known = await this.#answers.rate(name, personKey(platform, by), verdict, this.#now());
      if (known) this.#metrics.rated(platform, verdict);
      return known ? 'kept' : 'unknown';
    } catch (error) {
      this.#log.error({ err: storageError(error) }, 'a rating was not kept, as it could not be stored');
      return 'unavailable';
    }
  }
}

/** One string per answer, over all platforms. */
function nameOf(platform: PlatformName, ratedAs: string): string {
  return JSON.stringify([platform, ratedAs]);
}
