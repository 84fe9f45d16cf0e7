// Leaves a server alone for a moment after it failed several times in a row, so that nobody waits for what will not come.

/** Failures without a success between them, all within `WITHIN_MS`, after which the server is left alone. */
const FAILURES = 5;
const WITHIN_MS = 10_000;

/** How long it is left alone before one call may try whether it is back, ms: at most so much later everybody has it again. */
const PAUSE_MS = 2_000;

/**
 * Closed, every call goes through. Open, none does. After the pause it is half open: one call goes through and decides, while the others
 * are still turned away.
 */
export class CircuitBreaker {
  readonly #now: () => number;
  #failedAt: number[] = [];
  /** When the next try is allowed; undefined while closed. */
  #triesAt: number | undefined;

  /** `now`: milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
  }

  /** Whether a call may be made now. After true its outcome must be told, by `succeeded` or `failed`. */
  admits(): boolean {
    if (this.#triesAt === undefined) return true;
    if (this.#now() < this.#triesAt) return false;
    // The one that tries; when nothing is heard of it, the next one may after another pause.
    this.#triesAt = this.#now() + PAUSE_MS;
    return true;
  }

  /** The server answered, be it with a refusal. */
  succeeded(): void {
    this.#failedAt = [];
    this.#triesAt = undefined;
  }

  /** The server did not answer, or is not able to. */
  failed(): void {
    const now = this.#now();
    this.#failedAt = [...this.#failedAt.filter((at) => now - at < WITHIN_MS), now].slice(-FAILURES);
    if (this.#triesAt !== undefined || this.#failedAt.length === FAILURES) this.#triesAt = now + PAUSE_MS;
  }
}
