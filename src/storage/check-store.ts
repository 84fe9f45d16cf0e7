// Whether a store answers.
import { storageError } from './storage-error.js';
import type { Store } from './store.js';

/** One small query. Rejects with `storage_unavailable`. */
export async function checkStore({ db }: Store): Promise<void> {
  try {
    await db.selectFrom('counters').select('name').limit(1).execute();
  } catch (thrown) {
    throw storageError(thrown);
  }
}
