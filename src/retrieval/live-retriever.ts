// Answers from the generation that is published, and takes up the next one when that changes, without a restart.
import type { Logger } from 'pino';
import type { AudienceFilter } from '../safety/access.js';
import type { Retrieval, RetrievalMode, Retriever } from './retriever.js';

/** A generation that is ready to be searched. */
export interface OpenGeneration {
  readonly number: number;
  readonly retriever: Retriever;
  close(): Promise<void>;
}

export interface LiveRetrieverParts<T extends OpenGeneration> {
  readonly first: T;
  /** Number of the generation that is published. */
  readonly live: () => Promise<number>;
  readonly open: (number: number) => Promise<T>;
  readonly now: () => number;
  readonly log: Logger;
}

/** How often the published number is looked at, ms. */
const LOOK_MS = 1_000;

/** After a generation that could not be opened, ms: opening loads a model. */
const RETRY_MS = 30_000;

/**
 * Each search runs on one generation from start to end. A new one is opened beside the old one, which answers until then and is closed when
 * its last search has ended. One that cannot be opened changes nothing: the old one goes on, and the log says why.
 */
export class LiveRetriever<T extends OpenGeneration> implements Retriever {
  readonly #parts: LiveRetrieverParts<T>;
  #current: { readonly opened: T; searches: number };
  #nextLook = 0;
  #looking: Promise<void> | undefined;
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: LiveRetrieverParts<T>) {
    this.#parts = parts;
    this.#current = { opened: parts.first, searches: 0 };
  }

  /** What answers at this moment. */
  get current(): T {
    return this.#current.opened;
  }

  async search(
    question: string,
    filter: AudienceFilter,
    limit: number,
    mode?: RetrievalMode,
  ): Promise<Retrieval> {
    this.#look();
    const used = this.#current;
    used.searches++;
    try {
      return await used.opened.retriever.search(question, filter, limit, mode);
    } finally {
      used.searches--;
      if (used !== this.#current && used.searches === 0) this.#retire(used.opened);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#looking;
    await Promise.all(this.#closing);
    await this.#current.opened.close();
  }

  /** Looks for a new generation, beside the search that is about to start rather than before it. */
  #look(): void {
    const { now } = this.#parts;
    if (this.#closed || this.#looking !== undefined || now() < this.#nextLook) return;
    this.#nextLook = now() + LOOK_MS;
    this.#looking = this.#follow()
      .catch((error: unknown) => {
        this.#nextLook = now() + RETRY_MS;
        this.#parts.log.error({ err: error }, 'the published index cannot be opened; the old one answers on');
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #follow(): Promise<void> {
    const number = await this.#parts.live();
    const old = this.#current;
    if (number === old.opened.number) return;
    const opened = await this.#parts.open(number);
    this.#current = { opened, searches: 0 };
    this.#parts.log.info({ from: old.opened.number, to: number }, 'another generation of the index answers');
    if (old.searches === 0) this.#retire(old.opened);
  }

  #retire(opened: T): void {
    const closed = opened
      .close()
      .catch((error: unknown) => {
        this.#parts.log.warn({ err: error }, 'the old index could not be closed');
      })
      .finally(() => this.#closing.delete(closed));
    this.#closing.add(closed);
  }
}
