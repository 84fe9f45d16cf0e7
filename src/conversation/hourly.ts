// What is done now and then, by the way of other work.

const HOUR_MS = 60 * 60 * 1000;

/** A function that is true at its first call and once an hour from then; a clock that was set by more than that is an hour too. */
export function hourly(): (now: number) => boolean {
  let doneAt = Number.NEGATIVE_INFINITY;
  return (now) => {
    if (Math.abs(now - doneAt) < HOUR_MS) return false;
    doneAt = now;
    return true;
  };
}
