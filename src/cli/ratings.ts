// Reads what people thought of answers, for tuning.
import { openStore } from '../main.js';
import { AnswerStore } from '../storage/answer-store.js';
import { storageError } from '../storage/storage-error.js';
import type { RatedAnswer } from '../training/rated-pairs.js';
import type { Session } from './session.js';

/** Empty when the ratings cannot be read: that is for the log, and no reason not to tune. */
export async function readRatings({ config, tools }: Session): Promise<readonly RatedAnswer[]> {
  try {
    const store = await openStore(config, tools);
    return await new AnswerStore(store).rated().finally(() => store.close());
  } catch (error) {
    tools.log.warn({ err: storageError(error) }, 'ratings of answers cannot be read; tuning goes on without');
    return [];
  }
}
