// Where messages come in: each once, those of a thread in order, no more than can be answered.
import { LRUCache } from 'lru-cache';
import type { Logger } from 'pino';
import type { IncomingMessage } from './message.js';
import type { Admission, Inbox } from './platform.js';

/** Platforms deliver a message again for up to a day. */
const REMEMBERED_MS = 24 * 60 * 60 * 1000;
const REMEMBERED_MESSAGES = 100_000;

export interface InboxLimits {
  /** Messages answered at the same time. */
  readonly parallel: number;
  /** Messages that may wait; more are refused as `overloaded`. */
  readonly waiting: number;
}

export interface InboxParts {
  /** Answers one message; must not reject (a failure is a notice in the thread). */
  readonly answer: (message: IncomingMessage, signal: AbortSignal) => Promise<void>;
  readonly limits: InboxLimits;
  readonly now: () => number;
  readonly log: Logger;
}

/** Held in memory: a message that was accepted is answered unless the process dies. */
export class MemoryInbox implements Inbox {
  readonly #parts: InboxParts;
  readonly #seen: LRUCache<string, true>;
  readonly #waiting: IncomingMessage[] = [];
  readonly #busyThreads = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #stop = new AbortController();
  #draining = false;

  constructor(parts: InboxParts) {
    this.#parts = parts;
    this.#seen = new LRUCache({
      max: REMEMBERED_MESSAGES,
      ttl: REMEMBERED_MS,
      ttlResolution: 0,
      perf: { now: parts.now },
    });
  }

  async accept(message: IncomingMessage): Promise<Admission> {
    if (this.#draining) return 'draining';
    if (this.#seen.has(message.id)) return 'duplicate';
    // Not remembered when refused: the platform's next delivery must get through.
    if (this.#waiting.length >= this.#parts.limits.waiting) return 'overloaded';
    this.#seen.set(message.id, true);
    this.#waiting.push(message);
    this.#startNext();
    return 'accepted';
  }

  /** Takes nothing more in and waits for what was accepted; when `signal` aborts, what still runs is told to stop. */
  async drain(signal: AbortSignal): Promise<void> {
    this.#draining = true;
    const abort = () => this.#stop.abort(signal.reason);
    if (signal.aborted) abort();
    else signal.addEventListener('abort', abort, { once: true });
    while (this.#running.size > 0) await Promise.race(this.#running);
    signal.removeEventListener('abort', abort);
  }

  /** Starts waiting messages while there is room, the oldest of each free thread first. */
  #startNext(): void {
    while (this.#running.size < this.#parts.limits.parallel) {
      const at = this.#waiting.findIndex((message) => !this.#busyThreads.has(threadKey(message)));
      if (at === -1) return;
      const [message] = this.#waiting.splice(at, 1);
      if (message === undefined) return;
      this.#run(message);
    }
  }

  #run(message: IncomingMessage): void {
    const thread = threadKey(message);
    this.#busyThreads.add(thread);
    const task = this.#parts
      .answer(message, this.#stop.signal)
      .catch((error: unknown) =>
        this.#parts.log.error({ err: error, messageId: message.id }, 'answering failed'),
      )
      .finally(() => {
        this.#busyThreads.delete(thread);
        this.#running.delete(task);
        this.#startNext();
      });
    this.#running.add(task);
  }
}

/** One string per thread, for maps. */
export function threadKey({ thread }: Pick<IncomingMessage, 'thread'>): string {
  return JSON.stringify([thread.platform, thread.tenant, thread.key]);
}
