// Answers from the generation that is published; takes up another one, or what was missing at the start, without a restart.
import { setTimeout as sleep } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ChipwrightError, toChipwrightError } from '../errors.js';
import type { AudienceFilter } from '../safety/access.js';
import type { Retrieval, RetrievalMode, Retriever } from './retriever.js';

/** A generation that is ready to be searched. */
export interface OpenGeneration {
  readonly number: number;
  readonly retriever: Retriever;
  /** Null for words alone. */
  readonly encoder?: { readonly id: string } | null;
  /** Why it searches with less than it was meant to, such as without its encoder; it is opened anew until it has all. */
  readonly problem?: ChipwrightError | undefined;
  close(): Promise<void>;
}

export interface LiveRetrieverParts<T extends OpenGeneration> {
  /** What is open, or why nothing can be opened yet. */
  readonly first: T | ChipwrightError;
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

/** At the end, what is just being opened has this long, ms: it may be the download of a model. */
const CLOSE_MS = 5_000;

/** One generation and who searches in it at the moment. */
interface InUse<T> {
  readonly opened: T;
  searches: number;
}

/**
 * Each search runs on one generation from start to end. A new one is opened beside the old one, which answers until then and is closed when
 * its last search has ended. One that cannot be opened changes nothing: the old one goes on, and the log says why. While there is none at all,
 * each search rejects at once with the reason.
 */
export class LiveRetriever<T extends OpenGeneration> implements Retriever {
  readonly #parts: LiveRetrieverParts<T>;
  #current: InUse<T> | undefined;
  /** Why there is no current one. */
  #outage: ChipwrightError | undefined;
  #nextLook = 0;
  #nextMending: number;
  #looking: Promise<void> | undefined;
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  constructor(parts: LiveRetrieverParts<T>) {
    this.#parts = parts;
    if (parts.first instanceof ChipwrightError) this.#outage = parts.first;
    else this.#current = { opened: parts.first, searches: 0 };
    this.#nextMending = parts.now() + RETRY_MS;
  }

  /** What answers at this moment; throws the reason when nothing does. */
  get current(): T {
    return this.#inUse().opened;
  }

  /** Why nothing could be opened yet. */
  get outage(): ChipwrightError | undefined {
    return this.#outage;
  }

  /** Looks whether there is something better to answer from, as each search does, and resolves when it is in use. Never rejects. */
  async refresh(): Promise<void> {
    this.#look();
    await this.#looking;
  }

  async search(
    question: string,
    filter: AudienceFilter,
    limit: number,
    mode?: RetrievalMode,
  ): Promise<Retrieval> {
    this.#look();
    const used = this.#inUse();
    used.searches++;
    try {
      const { number, encoder, retriever } = used.opened;
      const found = await retriever.search(question, filter, limit, mode);
      return { ...found, from: { generation: number, encoder: encoder?.id ?? null } };
    } finally {
      used.searches--;
      if (used !== this.#current && used.searches === 0) this.#retire(used.opened);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    const waited = new AbortController();
    const late = sleep(CLOSE_MS, undefined, { signal: waited.signal }).catch(() => {});
    await Promise.race([this.#looking, late]);
    waited.abort();
    await Promise.all(this.#closing);
    await this.#current?.opened.close();
  }

  #inUse(): InUse<T> {
    if (this.#current !== undefined) return this.#current;
    throw this.#outage ?? new Error('neither a generation nor a reason');
  }

  /** Looks for a new generation, beside the search that is about to start rather than before it. */
  #look(): void {
    const { now } = this.#parts;
    if (this.#closed || this.#looking !== undefined || now() < this.#nextLook) return;
    this.#nextLook = now() + LOOK_MS;
    this.#looking = this.#follow()
      .catch((error: unknown) => {
        if (this.#current === undefined) {
          this.#outage = toChipwrightError(error);
          return;
        }
        this.#nextLook = now() + RETRY_MS;
        this.#parts.log.error({ err: error }, 'the published index cannot be opened; the old one answers on');
      })
      .finally(() => {
        this.#looking = undefined;
      });
  }

  async #follow(): Promise<void> {
    const { live, open, now, log } = this.#parts;
    const number = await live();
    const old = this.#current;
    const isSame = number === old?.opened.number;
    if (isSame) {
      if (old?.opened.problem === undefined || now() < this.#nextMending) return;
      this.#nextMending = now() + RETRY_MS;
    }
    const opened = await open(number);
    if (isSame && opened.problem !== undefined) return opened.close();
    this.#current = { opened, searches: 0 };
    this.#outage = undefined;
    log.info({ from: old?.opened.number, to: number, mended: isSame }, 'another index answers');
    if (old?.searches === 0) this.#retire(old.opened);
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
