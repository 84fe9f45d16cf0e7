// Bringing to the disk what was written: a slow step, which those who need it at the same time take together.

/**
 * A function that resolves when all that was written before its call is on the disk, by way of `sync`. Calls that come while
 * one sync runs share the next, as the running one may have begun too early for them. Rejects with what their sync rejects with.
 */
export function sharedSync(sync: () => Promise<void>): () => Promise<void> {
  let running: Promise<void> = Promise.resolve();
  let next: Promise<void> | undefined;
  return () => {
    if (next === undefined) {
      const mine = running
        .catch(() => {})
        .then(() => {
          next = undefined;
          return sync();
        });
      next = mine;
      running = mine;
    }
    return next;
  };
}
