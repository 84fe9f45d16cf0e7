// A tracer that keeps its spans, with a context that follows the calls as that of an SDK does.
import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Attributes,
  type Context,
  context,
  ROOT_CONTEXT,
  type Span,
  type SpanContext,
  type SpanOptions,
  type Tracer,
  trace,
} from '@opentelemetry/api';

export interface RecordedSpan {
  readonly name: string;
  /** Name of the span it belongs to. */
  readonly parent: string | undefined;
  readonly attributes: Attributes;
  readonly events: readonly string[];
  readonly ended: boolean;
  /** `error.type`, of a span that failed. */
  readonly failed: string | undefined;
}

const storage = new AsyncLocalStorage<Context>();
context.setGlobalContextManager({
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (active, work, self, ...args) => storage.run(active, () => work.call(self, ...args)),
  bind: (_, target) => target,
  enable() {
    return this;
  },
  disable() {
    return this;
  },
});

/** `acceptedIn`: the context of an earlier span called `accept`. */
export function recordingTracer(): {
  readonly tracer: Tracer;
  readonly spans: readonly RecordedSpan[];
  readonly acceptedIn: SpanContext;
} {
  const spans: RecordedSpan[] = [];
  const names = new Map<string, string>();
  const contextFor = (name: string): SpanContext => {
    const spanId = (names.size + 1).toString(16).padStart(16, '0');
    names.set(spanId, name);
    return { traceId: 'a'.repeat(32), spanId, traceFlags: 1 };
  };

  function startSpan(name: string, options: SpanOptions = {}, parent: Context = context.active()): Span {
    const own = contextFor(name);
    const record = {
      name,
      parent: names.get(trace.getSpanContext(parent)?.spanId ?? ''),
      attributes: { ...options.attributes } as Attributes,
      events: [] as string[],
      ended: false,
      failed: undefined as string | undefined,
    };
    spans.push(record);
    const span: Span = {
      spanContext: () => own,
      setAttribute(key, value) {
        record.attributes[key] = value;
        return span;
      },
      setAttributes(attributes) {
        Object.assign(record.attributes, attributes);
        return span;
      },
      addEvent(event) {
        record.events.push(event);
        return span;
      },
      addLink: () => span,
      addLinks: () => span,
      setStatus: () => span,
      updateName: () => span,
      end() {
        record.ended = true;
        const type = record.attributes['error.type'];
        record.failed = typeof type === 'string' ? type : undefined;
      },
      isRecording: () => !record.ended,
      recordException() {},
    };
    return span;
  }

  const tracer: Tracer = {
    startSpan,
    startActiveSpan(name: string, ...rest: unknown[]) {
      const work = rest.at(-1) as (span: Span) => never;
      const [options, parent] = rest.slice(0, -1) as [SpanOptions?, Context?];
      const from = parent ?? context.active();
      const span = startSpan(name, options, from);
      return context.with(trace.setSpan(from, span), () => work(span));
    },
  };
  return { tracer, spans, acceptedIn: contextFor('accept') };
}
