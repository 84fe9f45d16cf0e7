// What was said in a thread before, so that "and for hold?" can be understood, also after a restart.
import type { Logger } from 'pino';
import { z } from 'zod';
import { storageError } from '../storage/storage-error.js';
import type { Store } from '../storage/store.js';
import { TurnStore } from '../storage/turn-store.js';
import { hourly } from './hourly.js';
import type { IncomingMessage, Turn } from './message.js';
import { messageKey, threadKey } from './stored-message.js';

const KEPT_MS = 24 * 60 * 60 * 1000;
const TURNS_PER_THREAD = 6;

const turnSchema = z.object({ question: z.string(), answer: z.string() });

/**
 * The last turns of the threads of the last day. A private answer is remembered for its asker alone. Where the store fails,
 * a thread has no history: an answer without it is better than none.
 */
export class History {
  readonly #turns: TurnStore;
  readonly #now: () => number;
  readonly #log: Logger;
  readonly #forgets = hourly();

  constructor(store: Store, now: () => number, log: Logger) {
    this.#turns = new TurnStore(store);
    this.#now = now;
    this.#log = log;
  }

  /** Oldest first; not what an earlier try has answered to `message` itself. Never rejects. */
  async turnsBefore(message: IncomingMessage): Promise<readonly Turn[]> {
    try {
      const since = this.#now() - KEPT_MS;
      const own = messageKey(message);
      const bodies = await this.#turns.last(keyOf(message), own, TURNS_PER_THREAD, since);
      return bodies.map((body) => turnSchema.parse(JSON.parse(body)));
    } catch (error) {
      this.#log.warn({ err: storageError(error) }, 'the history of a thread cannot be read');
      return [];
    }
  }

  /** Never rejects. */
  async add(message: IncomingMessage, turn: Turn): Promise<void> {
    const saidAt = this.#now();
    try {
      const body = JSON.stringify(turn);
      await this.#turns.add({ thread: keyOf(message), message: messageKey(message), body, saidAt });
      if (this.#forgets(saidAt)) await this.#turns.forget(saidAt - KEPT_MS);
    } catch (error) {
      this.#log.warn({ err: storageError(error) }, 'the history of a thread cannot be kept');
    }
  }
}

function keyOf(message: IncomingMessage): string {
  const thread = threadKey(message);
  return message.visibility === 'asker' ? JSON.stringify([thread, message.author.id]) : thread;
}
