// A retriever and a language model whose work is a span each.
import type { Tracer } from '@opentelemetry/api';
import { inSpan, markFailed } from '../conversation/span.js';
import type { LanguageModel } from '../language-model/language-model.js';
import type { Retriever } from '../retrieval/retriever.js';

/** Spans `retrieve`. */
export function tracedRetriever(retriever: Retriever, tracer: Tracer): Retriever {
  return {
    search: (question, filter, limit, mode) =>
      inSpan(tracer, 'retrieve', { attributes: { 'chipwright.limit': limit } }, async (span) => {
        const found = await retriever.search(question, filter, limit, mode);
        span.setAttributes({
          'chipwright.passages': found.passages.length,
          'chipwright.mode': found.mode,
          'chipwright.encode_ms': found.timings.encodeMs,
          'chipwright.search_ms': found.timings.searchMs,
        });
        return found;
      }),
  };
}

/** Spans `generate`, with the names that OpenTelemetry has for language models where it has one. */
export function tracedLanguageModel(model: LanguageModel, tracer: Tracer): LanguageModel {
  return {
    name: model.name,
    quotes: model.quotes,
    async *stream(prompt, signal) {
      const span = tracer.startSpan('generate', {
        attributes: { 'gen_ai.operation.name': 'chat', 'gen_ai.request.model': model.name },
      });
      let isFirst = true;
      try {
        for await (const piece of model.stream(prompt, signal)) {
          if (typeof piece === 'string') {
            if (isFirst) span.addEvent('first text');
            isFirst = false;
          } else if (piece.usage !== undefined) {
            span.setAttributes({
              'gen_ai.usage.input_tokens': piece.usage.inputTokens,
              'gen_ai.usage.output_tokens': piece.usage.outputTokens,
            });
          }
          yield piece;
        }
      } catch (thrown) {
        markFailed(span, thrown);
        throw thrown;
      } finally {
        span.end();
      }
    },
  };
}
