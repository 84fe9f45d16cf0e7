// Leaves a server alone for a moment after it failed several times in a row, so that nobody waits for what will not come.
import { ChipwrightError } from './errors.js';

/** When a server is left alone, and for how long. */
export interface BreakerLimits {
  /** Failures without a success between them, all within `withinMs`, after which it is left alone. */
  readonly failures: number;
  readonly withinMs: number;
  /** How long it is left alone before one call tries whether it is back, ms: at most so much later everybody has it again. */
  readonly pauseMs: number;
  /** Whether those that come while one tries wait for how it goes, or are refused: right where a try may take long. */
  readonly othersWait: boolean;
}

export type BreakerState = 'closed' | 'half open' | 'open';

/**
 * Closed, every call goes through. Open, none does. After the pause it is half open: one call tries. A failure is what `isFailure` says,
 * else a ChipwrightError that may pass (`retryable`); a server that answers, be it with a refusal, is well. A call that was told to stop
 * (`draining`) says nothing about it.
 */
export class CircuitBreaker {
  readonly #limits: BreakerLimits;
  readonly #now: () => number;
  readonly #onChange: (state: BreakerState) => void;
  readonly #isFailure: (thrown: unknown) => boolean;
  #failedAt: number[] = [];
  /** When the next try is allowed; undefined while closed. */
  #triesAt: number | undefined;
  /** Settles when the call that tries has ended; never rejects. */
  #trying: Promise<void> | undefined;

  /** `now`: milliseconds. */
  constructor(
    limits: BreakerLimits,
    tools: {
      readonly now: () => number;
      readonly onChange?: ((state: BreakerState) => void) | undefined;
      readonly isFailure?: (thrown: unknown) => boolean;
    },
  ) {
    this.#limits = limits;
    this.#now = tools.now;
    this.#onChange = tools.onChange ?? (() => {});
    this.#isFailure = tools.isFailure ?? mayPass;
  }

  /** Makes the call, or rejects with what `refusal` gives. */
  async run<T>(call: () => Promise<T>, refusal: () => ChipwrightError): Promise<T> {
    while (this.#trying !== undefined) {
      if (!this.#limits.othersWait) throw refusal();
      await this.#trying;
    }
    if (this.#triesAt === undefined) return this.#watch(call);
    if (this.#now() < this.#triesAt) throw refusal();
    this.#onChange('half open');
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
      if (!(thrown instanceof ChipwrightError && thrown.code === 'draining')) {
        if (this.#isFailure(thrown)) this.#count();
        else this.#close();
      }
      throw thrown;
    }
  }

  #close(): void {
    this.#failedAt = [];
    if (this.#triesAt !== undefined) this.#onChange('closed');
    this.#triesAt = undefined;
  }

  #count(): void {
    const { failures, withinMs, pauseMs } = this.#limits;
    const now = this.#now();
    this.#failedAt = [...this.#failedAt.filter((at) => now - at < withinMs), now].slice(-failures);
    if (this.#triesAt === undefined && this.#failedAt.length < failures) return;
    this.#triesAt = now + pauseMs;
    this.#onChange('open');
  }
}

function mayPass(thrown: unknown): boolean {
  return thrown instanceof ChipwrightError && thrown.retryable;
}
