// What was said in a thread before, so that "and for hold?" can be understood.
import { LRUCache } from 'lru-cache';
import type { IncomingMessage, Turn } from './message.js';
import { threadKey } from './stored-message.js';

const THREADS = 5_000;
const KEPT_MS = 24 * 60 * 60 * 1000;
const TURNS_PER_THREAD = 6;

/** The last turns of the threads of the last day, in memory. A private answer is remembered for its asker alone. */
export class History {
  readonly #turns: LRUCache<string, readonly Turn[]>;

  constructor(now: () => number) {
    this.#turns = new LRUCache({ max: THREADS, ttl: KEPT_MS, ttlResolution: 0, perf: { now } });
  }

  /** Oldest first. */
  turnsBefore(message: IncomingMessage): readonly Turn[] {
    return this.#turns.get(keyOf(message)) ?? [];
  }

  add(message: IncomingMessage, turn: Turn): void {
    const key = keyOf(message);
    this.#turns.set(key, [...(this.#turns.get(key) ?? []), turn].slice(-TURNS_PER_THREAD));
  }
}

function keyOf(message: IncomingMessage): string {
  return message.visibility === 'asker' ? `${threadKey(message)}${message.author.id}` : threadKey(message);
}
