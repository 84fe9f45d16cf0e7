// An index of a few passages, as when somebody tries the assistant: it answers, and it still knows what it does not hold.
import { pino } from 'pino';
import { describe, expect, it } from 'vitest';
import { sync } from '../../ingest/sync.js';
import { HybridRetriever } from '../../src/retrieval/hybrid-retriever.js';
import { RELEVANT } from '../../src/retrieval/retriever.js';
import { openSqliteIndex } from '../../src/retrieval/sqlite-index.js';
import { audience } from '../../src/safety/access.js';
import { ANSWERABLE, FLOW_DOCUMENTS, STRAY } from '../support/flow-documents.js';

const now = () => 0;

describe.each([1, 3, 5])('an index of %d documents, searched by words', (count) => {
  it('answers what it holds and refuses what it does not', async () => {
    const index = openSqliteIndex(':memory:', { encoder: null });
    const files = Object.entries(FLOW_DOCUMENTS).slice(0, count);
    const list = async function* () {
      for (const [path, text] of files) {
        yield { path, size: text.length, read: async () => Buffer.from(text), link: () => undefined };
      }
    };
    const source = { name: 'flow', audience: ['public'], version: '', linkTemplate: '', list };
    const log = pino({ level: 'silent' });
    await sync(source, { index, encoder: null, log, now, signal: new AbortController().signal });
    const retriever = new HybridRetriever({ index, encoder: null, now });
    const setup = await retriever.search(ANSWERABLE.setup.question, audience(), 8);
    expect(setup.passages[0]?.text).toContain(ANSWERABLE.setup.says);
    expect(setup.confidence).toBeGreaterThan(RELEVANT);
    expect((await retriever.search(STRAY, audience(), 8)).confidence).toBeLessThan(RELEVANT);
    await index.close();
  });
});
