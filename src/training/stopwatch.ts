// Where the time of a training run goes.

export type Work = 'embedding' | 'backward' | 'optimiser' | 'checkpoint' | 'rest';

/** Adds up the seconds between calls under what was done in them. */
export class Stopwatch {
  readonly spent: Record<Work, number> = { embedding: 0, backward: 0, optimiser: 0, checkpoint: 0, rest: 0 };
  readonly #now: () => number;
  #last: number;

  /** `now` gives milliseconds. */
  constructor(now: () => number) {
    this.#now = now;
    this.#last = now();
  }

  /** What happened since the last call was `work`. */
  was(work: Work): void {
    const now = this.#now();
    this.spent[work] += (now - this.#last) / 1000;
    this.#last = now;
  }

  /** Seconds in all. */
  get total(): number {
    return Object.values(this.spent).reduce((sum, seconds) => sum + seconds, 0);
  }
}
