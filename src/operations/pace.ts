// Bottleneck behind one small wrapper: tasks for one destination, one at a time, no faster than it allows.
import Bottleneck from 'bottleneck';
import type { Pace } from '../conversation/platform.js';
import { ChipwrightError } from '../errors.js';

/** A destination that nobody wrote to for this long is forgotten, ms. */
const FORGET_AFTER_MS = 5 * 60 * 1000;

export interface RunningPace extends Pace {
  /** Lets what waits run to its end, and refuses anything new. */
  stop(): Promise<void>;
}

/** Where processes that share destinations take turns. */
export interface Gate {
  /** Resolves when it is this process's turn at `key`, `gapMs` after that of any other; at once when that cannot be told. Never rejects. */
  pass(key: string, gapMs: number): Promise<void>;
}

/** Without a gate, this process alone is paced. */
export function createPace(gate?: Gate): RunningPace {
  const groups = new Map<number, Bottleneck.Group>();
  let stopped = false;

  function groupFor(minGapMs: number): Bottleneck.Group {
    const group =
      groups.get(minGapMs) ??
      new Bottleneck.Group({ maxConcurrent: 1, minTime: minGapMs, timeout: FORGET_AFTER_MS });
    groups.set(minGapMs, group);
    return group;
  }

  return {
    async run<T>(key: string, minGapMs: number, task: () => Promise<T>): Promise<T> {
      if (stopped) {
        throw new ChipwrightError('draining', 'The bot is stopping and sends nothing more.', {
          cure: 'Ask again in a minute.',
        });
      }
      return groupFor(minGapMs)
        .key(key)
        .schedule(async () => {
          await gate?.pass(key, minGapMs);
          return task();
        });
    },
    async stop(): Promise<void> {
      stopped = true;
      const limiters = [...groups.values()].flatMap((group) =>
        group.limiters().map(({ limiter }) => limiter),
      );
      await Promise.all(limiters.map((limiter) => limiter.stop({ dropWaitingJobs: false })));
      await Promise.all([...groups.values()].map((group) => group.disconnect()));
    },
  };
}
