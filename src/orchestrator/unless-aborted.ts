// Work that does not listen to a signal is left behind when the signal aborts.
import { ChipwrightError } from '../errors.js';

/**
 * Settles as `work` does, or rejects when `signal` aborts first: with the reason of a limit of time that was passed, else with
 * `draining`, as somebody stopped it.
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  // Left behind, it must not fail unheard.
  work.catch(() => {});
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason instanceof ChipwrightError ? signal.reason : wasStopped());
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function wasStopped(): ChipwrightError {
  return new ChipwrightError('draining', 'The question was stopped before it was answered.', {
    cure: 'Ask again.',
    retryable: true,
  });
}
