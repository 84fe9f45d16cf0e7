// Whether a store that fails is found out by a look.
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { checkStore } from '../../src/storage/check-store.js';
import { openSqliteStore } from '../../src/storage/sqlite-store.js';

describe('checkStore', () => {
  it('is content with a store that answers, and names what one that fails is', async () => {
    const store = await openSqliteStore(':memory:');
    await checkStore(store);
    await sql`DROP TABLE counters`.execute(store.db);
    await expect(checkStore(store)).rejects.toMatchObject({
      code: 'storage_unavailable',
      message: expect.stringContaining('The store of questions fails'),
    });
    await store.close();
    await expect(checkStore(store)).rejects.toMatchObject({ code: 'storage_unavailable' });
  });
});
