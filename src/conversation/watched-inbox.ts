// An inbox whose deliveries and waiting messages are counted, whatever kind of inbox it is.
import type { IncomingMessage } from './message.js';
import type { Metrics } from './metrics.js';
import type { Admission, Inbox } from './platform.js';

/** Nobody waits longer: what is still counted then had its turn elsewhere, ms. */
const LONGEST_MS = 15 * 60 * 1000;

export interface WatchedInboxParts {
  readonly inbox: Inbox;
  readonly metrics: Pick<Metrics, 'received' | 'queue'>;
  /** Milliseconds. */
  readonly now: () => number;
}

export class WatchedInbox implements Inbox {
  readonly #parts: WatchedInboxParts;
  /** When each came that has not had its turn yet, by id. */
  readonly #waiting = new Map<string, number>();

  constructor(parts: WatchedInboxParts) {
    this.#parts = parts;
  }

  async accept(message: IncomingMessage): Promise<Admission> {
    const { inbox, metrics } = this.#parts;
    const isNew = !this.#waiting.has(message.id);
    // Before it is accepted, as its turn may come within the same moment.
    if (isNew) this.#waiting.set(message.id, message.receivedAt.getTime());
    const admission = await inbox.accept(message);
    if (isNew && admission !== 'accepted') this.#waiting.delete(message.id);
    metrics.received(message.thread.platform, admission, message.attempt);
    this.#tell();
    return admission;
  }

  /** Call it when the turn of a message has come. */
  begun({ id }: Pick<IncomingMessage, 'id'>): void {
    if (this.#waiting.delete(id)) this.#tell();
  }

  #tell(): void {
    const { metrics, now } = this.#parts;
    const tooOld = now() - LONGEST_MS;
    for (const [id, at] of this.#waiting) if (at < tooOld) this.#waiting.delete(id);
    const times = [...this.#waiting.values()];
    metrics.queue(times.length, times.length === 0 ? undefined : Math.min(...times));
  }
}
