// Watches what waits for its turn, in the store of all processes: counts it, and tells who waits long where they stand.
import type { Logger } from 'pino';
import { QueueView, type WaitingMessage } from '../storage/queue-view.js';
import { storageError } from '../storage/storage-error.js';
import type { Store } from '../storage/store.js';
import type { IncomingMessage, PlatformName } from './message.js';
import type { Metrics } from './metrics.js';
import { placesInQueue } from './queue-order.js';
import type { PlaceInQueue } from './reply.js';
import { fromStored } from './stored-message.js';

/** Between two looks, ms. */
const LOOK_MS = 1_000;

/** Who waits no longer than this is told nothing, ms. */
const SOON_MS = 5_000;

/** Told in one look at most, those first whose turn is near: a long queue must not use up what the platform lets us send. */
const MOST_TOLD = 5;

export interface QueueWatchParts {
  readonly store: Store;
  /** Only askers on these are told. */
  readonly platforms: readonly PlatformName[];
  readonly metrics: Pick<Metrics, 'queue'>;
  /** Shows the asker how many messages are before theirs. Best effort; must not throw. */
  readonly tell: (message: IncomingMessage, place: PlaceInQueue) => void;
  readonly now: () => number;
  /** Resolves after `ms`, or as soon as `signal` aborts. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly log: Logger;
}

export class QueueWatch {
  readonly #parts: QueueWatchParts;
  readonly #queue: QueueView;
  readonly #over = new AbortController();
  #watching: Promise<void> | undefined;

  constructor(parts: QueueWatchParts) {
    this.#parts = parts;
    this.#queue = new QueueView(parts.store);
  }

  start(): void {
    this.#watching ??= this.#watch();
  }

  /** Resolves when nothing is looked at any more. */
  async stop(): Promise<void> {
    this.#over.abort();
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { signal } = this.#over;
    while (!signal.aborted) {
      await this.#look().catch((error: unknown) => {
        // That the store fails, the inbox says aloud.
        this.#parts.log.debug({ err: storageError(error) }, 'the queue cannot be looked at');
      });
      await this.#parts.pause(LOOK_MS, signal);
    }
  }

  async #look(): Promise<void> {
    const { metrics, platforms, tell, now } = this.#parts;
    const waiting = await this.#queue.waiting();
    const oldest = waiting.reduce((least, { receivedAt }) => Math.min(least, receivedAt), Infinity);
    metrics.queue(waiting.length, waiting.length === 0 ? undefined : oldest);
    if (now() - oldest <= SOON_MS) return;
    const places = placesInQueue(waiting);
    const placeOf = ({ key }: WaitingMessage) => places.get(key) ?? 0;
    const patient = waiting
      .filter((one) => platforms.some((name) => name === one.platform) && now() - one.receivedAt > SOON_MS)
      .filter((one) => isNews(one.told, placeOf(one)))
      .sort((a, b) => placeOf(a) - placeOf(b))
      .slice(0, MOST_TOLD);
    for (const one of patient) {
      const body = await this.#queue.tell(one.key, placeOf(one));
      if (body !== undefined) tell(fromStored(body), { before: placeOf(one), first: one.told === null });
    }
  }
}

/** Half as many as they were told is worth telling; of two hundred before someone that makes nine times. */
function isNews(told: number | null, before: number): boolean {
  return told === null || (told > 0 && before <= told / 2);
}
