// When a scheduled tuning run is due.
import type { LastRun } from './last-run.js';

/** Each that is given makes a run due. */
export interface RetuningSchedule {
  /** Days since the last run came to its end. */
  readonly everyDays?: number | undefined;
  /** Documents more than there were at the last run. */
  readonly afterDocuments?: number | undefined;
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** A run that failed or was killed is taken up again so long after it began, ms: it costs minutes of two cores. */
export const RETRY_MS = 6 * 60 * 60 * 1_000;

/** The reason for people, such as `7 days have passed`; undefined when no run is due. `now`: ms since 1970. */
export function whyDue(
  { everyDays, afterDocuments }: RetuningSchedule,
  last: LastRun | null,
  documents: number,
  now: number,
): string | undefined {
  if (last !== null && last.ended === null)
    return now - Date.parse(last.started) >= RETRY_MS ? 'the last run did not come to its end' : undefined;
  const ended = last?.ended == null ? Number.NEGATIVE_INFINITY : Date.parse(last.ended.date);
  if (everyDays !== undefined && now - ended >= everyDays * DAY_MS)
    return last === null ? 'it was never tuned' : `${everyDays} days have passed`;
  const more = documents - (last?.documents ?? 0);
  if (afterDocuments !== undefined && more >= afterDocuments) return `there are ${more} more documents`;
  return undefined;
}
