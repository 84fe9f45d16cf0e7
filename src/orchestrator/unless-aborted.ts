// Work that does not listen to a signal is left behind when the signal aborts.
import { ChipwrightError } from '../errors.js';

/** Settles as `work` does, or rejects with `draining` when `signal` aborts first. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop = () => {};
  const stopped = new Promise<never>((_, reject) => {
    stop = () =>
      reject(
        new ChipwrightError('draining', 'The question was stopped before it was answered.', {
          cure: 'Ask again.',
          retryable: true,
        }),
      );
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, stopped]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
