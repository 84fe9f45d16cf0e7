// A language model that is left alone for a while after it failed several times, so that nobody waits for what will not come.

import { type BreakerLimits, type BreakerState, CircuitBreaker } from '../circuit-breaker.js';
import { ChipwrightError } from '../errors.js';
import type { LanguageModel } from './language-model.js';

/** A model that hangs takes 20 s to fail, so others do not wait for the one question that tries. */
const BREAKER: BreakerLimits = { failures: 5, withinMs: 60_000, pauseMs: 15_000, othersWait: false };

/** Whether it works, its first text tells; while it is left alone, `stream` rejects at once with `language_model_unavailable`. */
export function guarded(
  model: LanguageModel,
  tools: { readonly now: () => number; readonly onBreaker?: (state: BreakerState) => void },
): LanguageModel {
  const breaker = new CircuitBreaker(BREAKER, { now: tools.now, onChange: tools.onBreaker });
  return {
    name: model.name,
    quotes: model.quotes,
    async *stream(prompt, signal) {
      const pieces = model.stream(prompt, signal)[Symbol.asyncIterator]();
      try {
        let next = await breaker.run(() => pieces.next(), leftAlone);
        while (next.done !== true) {
          yield next.value;
          next = await pieces.next();
        }
      } finally {
        await pieces.return?.();
      }
    },
  };
}

function leftAlone(): ChipwrightError {
  return new ChipwrightError(
    'language_model_unavailable',
    'The language model failed several times and is left alone for a moment.',
    { cure: 'Check the server; it is used again by itself when it is back.', retryable: true },
  );
}
