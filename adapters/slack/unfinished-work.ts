// Work that was begun and is not done: what a stop waits for.

export class UnfinishedWork {
  readonly #work = new Set<Promise<unknown>>();

  /** Hands the promise back; its failure stays the caller's affair. */
  add<T>(work: Promise<T>): Promise<T> {
    const done = work.then(
      () => {},
      () => {},
    );
    this.#work.add(done);
    void done.then(() => this.#work.delete(done));
    return work;
  }

  /** Resolves when nothing is left, or when `signal` aborts. */
  async idle(signal: AbortSignal): Promise<void> {
    const aborted = new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener('abort', () => resolve(), { once: true });
    });
    while (this.#work.size > 0 && !signal.aborted) {
      await Promise.race([aborted, Promise.all(this.#work)]);
    }
  }
}
