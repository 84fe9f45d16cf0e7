// The time that one question has, as the root of its signals.
import { ChipwrightError } from '../errors.js';

/**
 * `signal` aborts when the time is over, with `timeout` as its reason, or when the caller stops the question. What works for the
 * question listens to it, with shorter limits of its own below. Call `end` when the question has ended.
 */
export class Budget {
  readonly signal: AbortSignal;
  readonly #timer: NodeJS.Timeout;

  constructor(limitMs: number, caller: AbortSignal) {
    const over = new AbortController();
    this.#timer = setTimeout(() => over.abort(timeIsOver(limitMs)), limitMs);
    this.signal = AbortSignal.any([caller, over.signal]);
  }

  end(): void {
    clearTimeout(this.#timer);
  }
}

function timeIsOver(limitMs: number): ChipwrightError {
  return new ChipwrightError('timeout', `The question took longer than ${limitMs / 1_000} s.`, {
    cure: 'Look which stage is slow; questionSeconds in chipwright.yaml gives more time.',
    retryable: true,
  });
}
