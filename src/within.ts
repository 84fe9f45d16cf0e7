// Work that must not take longer than it may.
import type { ChipwrightError } from './errors.js';

/** Settles as `work` does, or rejects with what `late` gives after `limitMs`; `work` is then left behind. */
export async function within<T>(limitMs: number, work: Promise<T>, late: () => ChipwrightError): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), limitMs);
  });
  try {
    return await Promise.race([work, tooLate]);
  } finally {
    clearTimeout(timer);
  }
}
