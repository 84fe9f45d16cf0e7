// Several limits of time as one AbortSignal.
import { ChipwrightError } from '../errors.js';

/** Milliseconds. */
export interface Deadlines {
  /** From the request to the first text, retries included. */
  readonly firstTokenMs: number;
  /** Between two pieces of text. */
  readonly idleMs: number;
  /** From the request to the last text. */
  readonly totalMs: number;
}

/** Watches one streamed answer. `signal` aborts, with a ChipwrightError as its reason, when a limit is passed or the caller stops. */
export class Deadline {
  readonly signal: AbortSignal;
  readonly #own = new AbortController();
  readonly #limits: Deadlines;
  readonly #total: NodeJS.Timeout;
  readonly #caller: AbortSignal;
  #next: NodeJS.Timeout;

  constructor(limits: Deadlines, caller: AbortSignal) {
    this.#limits = limits;
    this.#caller = caller;
    this.signal = this.#own.signal;
    this.#total = setTimeout(() => this.#passed('did not finish its answer', limits.totalMs), limits.totalMs);
    this.#next = setTimeout(
      () => this.#passed('did not begin to answer', limits.firstTokenMs),
      limits.firstTokenMs,
    );
    caller.addEventListener('abort', this.#stopped, { once: true });
    if (caller.aborted) this.#stopped();
  }

  /** Text came: the wait for the next begins. */
  progress(): void {
    clearTimeout(this.#next);
    this.#next = setTimeout(
      () => this.#passed('stopped in the middle of its answer', this.#limits.idleMs),
      this.#limits.idleMs,
    );
  }

  /** Settles as `work` does, or rejects when the signal aborts first; `work` is then left behind. */
  async race<T>(work: Promise<T>): Promise<T> {
    const { signal } = this;
    // Left behind, it must not fail unheard.
    work.catch(() => {});
    signal.throwIfAborted();
    let leave = () => {};
    const aborted = new Promise<never>((_, reject) => {
      leave = () => reject(signal.reason);
      signal.addEventListener('abort', leave, { once: true });
    });
    try {
      return await Promise.race([work, aborted]);
    } finally {
      signal.removeEventListener('abort', leave);
    }
  }

  /** Ends the watch, and aborts what is still under way. */
  end(): void {
    clearTimeout(this.#next);
    clearTimeout(this.#total);
    this.#caller.removeEventListener('abort', this.#stopped);
    this.#own.abort();
  }

  readonly #stopped = (): void => {
    const { reason } = this.#caller;
    // A longer limit that this one is part of was passed, or somebody stopped it.
    this.#own.abort(reason instanceof ChipwrightError ? reason : wasStopped());
  };

  #passed(what: string, limitMs: number): void {
    this.#own.abort(
      new ChipwrightError('timeout', `The language model ${what} within ${limitMs / 1_000} s.`, {
        cure: 'Ask again, or raise the time limits of the language model.',
        retryable: true,
      }),
    );
  }
}

function wasStopped(): ChipwrightError {
  return new ChipwrightError('draining', 'The answer was stopped before it was written.', {
    cure: 'Ask again.',
    retryable: true,
  });
}
