// Questions put to a retriever, some at a time, and how long each took.
import { toChipwrightError } from '../../../src/errors.js';
import type { Retriever } from '../../../src/retrieval/retriever.js';
import { audience } from '../../../src/safety/access.js';

/** Passages an answer is written from. */
const LIMIT = 8;

export interface Asked {
  /** Milliseconds, one number a question that was answered, ascending. */
  readonly times: readonly number[];
  /** Questions that the index did not answer in its time. */
  readonly failed: number;
}

/** Asks all questions, `atOnce` at a time. */
export async function ask(
  retriever: Retriever,
  questions: readonly string[],
  atOnce: number,
): Promise<Asked> {
  const waiting = [...questions];
  const times: number[] = [];
  let failed = 0;
  const worker = async () => {
    for (let question = waiting.shift(); question !== undefined; question = waiting.shift()) {
      const started = performance.now();
      try {
        await retriever.search(question, audience(), LIMIT);
        times.push(performance.now() - started);
      } catch (thrown) {
        if (!toChipwrightError(thrown).retryable) throw thrown;
        failed++;
      }
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return { times: times.sort((a, b) => a - b), failed };
}

/** The value that `share` of them lie below; `sorted` ascends. 0 for none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
