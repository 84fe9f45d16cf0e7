// An inbox whose deliveries are counted and traced, whatever kind of inbox it is.
import type { SpanContext, Tracer } from '@opentelemetry/api';
import { LRUCache } from 'lru-cache';
import type { IncomingMessage } from './message.js';
import type { Metrics } from './metrics.js';
import type { Admission, Inbox } from './platform.js';
import { inSpan } from './span.js';

/** Far more than wait at a time; those that had their turn in another process are pushed out. */
const REMEMBERED_SPANS = 1_000;

export interface WatchedInboxParts {
  readonly inbox: Inbox;
  readonly metrics: Pick<Metrics, 'received'>;
  readonly tracer: Tracer;
}

export class WatchedInbox implements Inbox {
  readonly #parts: WatchedInboxParts;
  /** In which span those were accepted that have not had their turn yet, by id. */
  readonly #spans = new LRUCache<string, SpanContext>({ max: REMEMBERED_SPANS });

  constructor(parts: WatchedInboxParts) {
    this.#parts = parts;
  }

  async accept(message: IncomingMessage): Promise<Admission> {
    const { inbox, metrics, tracer } = this.#parts;
    const { platform } = message.thread;
    const attributes = { 'chipwright.platform': platform };
    return inSpan(tracer, 'accept', { attributes }, async (span) => {
      const isNew = !this.#spans.has(message.id);
      // Before it is accepted, as its turn may come within the same moment.
      if (isNew) this.#spans.set(message.id, span.spanContext());
      const admission = await inbox.accept(message);
      if (isNew && admission !== 'accepted') this.#spans.delete(message.id);
      span.setAttribute('chipwright.admission', admission);
      metrics.received(platform, admission, message.attempt);
      return admission;
    });
  }

  /** Call it when the turn of a message has come. Returns the span in which it was accepted, if that was in this process. */
  begun({ id }: Pick<IncomingMessage, 'id'>): SpanContext | undefined {
    const span = this.#spans.get(id);
    this.#spans.delete(id);
    return span;
  }
}
