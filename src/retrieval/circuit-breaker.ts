// Leaves a server alone for a moment after it failed several times in a row, so that nobody waits for what will not come.
import { ChipwrightError } from '../errors.js';

/** Failures without a success between them, all within `WITHIN_MS`, after which the server is left alone. */
const FAILURES = 5;
const WITHIN_MS = 10_000;

/** How long it is left alone before one call tries whether it is back, ms: at most so much later everybody has it again. */
const PAUSE_MS = 2_000;

/**
 * Closed, every call goes through. Open, none does. After the pause it is half open: one call tries, and those that come meanwhile wait
 * for how it goes. A failure is a ChipwrightError that may pass (`retryable`); a server that answers, be it with a refusal, is well.
 */
export class CircuitBreaker {
  readonly #now: () => number;
  #failedAt: number[] = [];
  /** When the next try is allowed; undefined while closed. */
  #triesAt: number | undefined;
  /** Settles when the call that tries has ended; never rejects. */
  #trying: Promise<void> | undefined;

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Makes the call, or rejects with what `refusal` gives. */
  async run<T>(call: () => Promise<T>, refusal: () => ChipwrightError): Promise<T> {
    while (this.#trying !== undefined) await this.#trying;
    if (this.#triesAt === undefined) return this.#watch(call);
    if (this.#now() < this.#triesAt) throw refusal();
    const attempt = this.#watch(call);
    const over = () => {
      this.#trying = undefined;
    };
    this.#trying = attempt.then(over, over);
    return attempt;
  }

  async #watch<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.#close();
      return result;
    } catch (thrown) {
      if (thrown instanceof ChipwrightError && thrown.retryable) this.#count();
      else this.#close();
      throw thrown;
    }
  }

  #close(): void {
    this.#failedAt = [];
    this.#triesAt = undefined;
  }

  #count(): void {
    const now = this.#now();
    this.#failedAt = [...this.#failedAt.filter((at) => now - at < WITHIN_MS), now].slice(-FAILURES);
    if (this.#triesAt !== undefined || this.#failedAt.length === FAILURES) this.#triesAt = now + PAUSE_MS;
  }
}
