// A step of the way of a question, as a span of OpenTelemetry. Without an SDK in the process, which is the operator's choice, it costs nothing.
import {
  type Attributes,
  type Context,
  context,
  type Span,
  SpanStatusCode,
  type Tracer,
} from '@opentelemetry/api';
import { ChipwrightError } from '../errors.js';

/** Runs `work` inside a span, below that of `parent` or of the step it belongs to. Attributes hold no text and no id of a person. */
export async function inSpan<T>(
  tracer: Tracer,
  name: string,
  options: { readonly attributes?: Attributes; readonly parent?: Context },
  work: (span: Span) => Promise<T>,
): Promise<T> {
  const { attributes = {}, parent = context.active() } = options;
  return tracer.startActiveSpan(name, { attributes }, parent, async (span) => {
    try {
      return await work(span);
    } catch (thrown) {
      markFailed(span, thrown);
      throw thrown;
    } finally {
      span.end();
    }
  });
}

/** The kind of the failure alone: the message of an error may quote a document. */
export function markFailed(span: Span, thrown: unknown): void {
  span.setStatus({ code: SpanStatusCode.ERROR });
  span.setAttribute('error.type', thrown instanceof ChipwrightError ? thrown.code : 'internal');
}
