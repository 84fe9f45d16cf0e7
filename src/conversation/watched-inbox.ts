// An inbox whose deliveries and waiting messages are counted and traced, whatever kind of inbox it is.
import type { SpanContext, Tracer } from '@opentelemetry/api';
import type { IncomingMessage } from './message.js';
import type { Metrics } from './metrics.js';
import type { Admission, Inbox } from './platform.js';
import { inSpan } from './span.js';

/** Nobody waits longer: what is still counted then had its turn elsewhere, ms. */
const LONGEST_MS = 15 * 60 * 1000;

export interface WatchedInboxParts {
  readonly inbox: Inbox;
  readonly metrics: Pick<Metrics, 'received' | 'queue'>;
  readonly tracer: Tracer;
  /** Milliseconds. */
  readonly now: () => number;
}

interface Waiting {
  readonly receivedAt: number;
  /** The span in which it was accepted. */
  readonly span: SpanContext;
}

export class WatchedInbox implements Inbox {
  readonly #parts: WatchedInboxParts;
  /** Those that have not had their turn yet, by id. */
  readonly #waiting = new Map<string, Waiting>();

  constructor(parts: WatchedInboxParts) {
    this.#parts = parts;
  }

  async accept(message: IncomingMessage): Promise<Admission> {
    const { inbox, metrics, tracer } = this.#parts;
    const { platform } = message.thread;
    const attributes = { 'chipwright.platform': platform };
    return inSpan(tracer, 'accept', { attributes }, async (span) => {
      const isNew = !this.#waiting.has(message.id);
      // Before it is accepted, as its turn may come within the same moment.
      if (isNew)
        this.#waiting.set(message.id, {
          receivedAt: message.receivedAt.getTime(),
          span: span.spanContext(),
        });
      const admission = await inbox.accept(message);
      if (isNew && admission !== 'accepted') this.#waiting.delete(message.id);
      span.setAttribute('chipwright.admission', admission);
      metrics.received(platform, admission, message.attempt);
      this.#tell();
      return admission;
    });
  }

  /** Call it when the turn of a message has come. Returns the span in which it was accepted, if that was in this process. */
  begun({ id }: Pick<IncomingMessage, 'id'>): SpanContext | undefined {
    const waiting = this.#waiting.get(id);
    if (this.#waiting.delete(id)) this.#tell();
    return waiting?.span;
  }

  #tell(): void {
    const { metrics, now } = this.#parts;
    const tooOld = now() - LONGEST_MS;
    for (const [id, { receivedAt }] of this.#waiting) if (receivedAt < tooOld) this.#waiting.delete(id);
    const times = [...this.#waiting.values()].map(({ receivedAt }) => receivedAt);
    metrics.queue(times.length, times.length === 0 ? undefined : Math.min(...times));
  }
}
