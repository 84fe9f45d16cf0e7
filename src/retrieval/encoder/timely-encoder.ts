// An encoder that somebody waits for: what it cannot encode in time it refuses, so that no question hangs on it.

import { type BreakerLimits, CircuitBreaker } from '../../circuit-breaker.js';
import { ChipwrightError } from '../../errors.js';
import { within } from '../../within.js';
import type { Encoder } from './encoder.js';

/**
 * ms. A question takes some 30 ms on an idle machine. A machine that is merely busy is worth the wait, as words alone find less; a worker
 * that is stuck leaves most of a question's time for an answer all the same.
 */
const PATIENCE_MS = 10_000;

/** After three in a row the others do not wait for it; one question a minute tries. */
const BREAKER: BreakerLimits = { failures: 3, withinMs: 120_000, pauseMs: 60_000, othersWait: false };

/**
 * `encoder`, whose questions reject with `encoder_unavailable` when they take too long, and at once after that happened several times.
 * Passages pass through: indexing takes as long as it takes.
 */
export function timely(encoder: Encoder, tools: { readonly now: () => number }): Encoder {
  const breaker = new CircuitBreaker(BREAKER, tools);
  return {
    id: encoder.id,
    name: encoder.name,
    dimensions: encoder.dimensions,
    async encode(texts, kind) {
      if (kind === 'passage') return encoder.encode(texts, kind);
      return breaker.run(() => within(PATIENCE_MS, encoder.encode(texts, kind), tooSlow), leftAlone);
    },
    close: () => encoder.close(),
  };
}

function tooSlow(): ChipwrightError {
  return unavailable(`The encoder took longer than ${PATIENCE_MS / 1_000} s for a question.`);
}

function leftAlone(): ChipwrightError {
  return unavailable('The encoder failed several times and is left alone for a moment.');
}

function unavailable(message: string): ChipwrightError {
  return new ChipwrightError('encoder_unavailable', message, {
    cure: 'Give the machine more processor time; if it stays so, restart Chipwright.',
    retryable: true,
  });
}
