// What the index of the search bench is grown from, and the questions it is asked: real ones where they are, made-up ones elsewhere.
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { folderSource } from '../../../ingest/sources/folder.js';
import { sync } from '../../../ingest/sync.js';
import type { Encoder } from '../../../src/retrieval/encoder/encoder.js';
import type { Index, IndexedDocument } from '../../../src/retrieval/index-port.js';
import { type ChunkedDocument, toIndexed } from '../../../src/retrieval/indexing.js';
import { openSqliteIndex } from '../../../src/retrieval/sqlite-index.js';

/** Passages that are encoded when no index is given: a minute or two. */
const SAMPLE = 800;

const VOCABULARY = 5_000;

/** All of the index file `indexFile`, or some documents below `data`/docs, or made-up ones; the latter two are encoded here. */
export async function realPassages(
  options: { readonly indexFile: string | undefined; readonly data: string },
  encoder: Encoder,
  random: () => number,
  log: Logger,
): Promise<IndexedDocument[]> {
  if (options.indexFile !== undefined) return readOut(openSqliteIndex(options.indexFile, { encoder }));
  const docs = join(options.data, 'docs');
  if (!existsSync(docs)) return toIndexed(madeUp(random), encoder);
  const words = openSqliteIndex(':memory:', { encoder: null });
  const { signal } = new AbortController();
  await sync(folderSource(docs), { index: words, encoder: null, log, now: Date.now, signal });
  return toIndexed(sample(await readOut(words), random), encoder);
}

/** ORD-QA's questions from `data`, or made-up ones. */
export async function questions(data: string, random: () => number): Promise<string[]> {
  const file = join(data, 'ord-qa', 'queries.jsonl');
  if (!existsSync(file))
    return Array.from({ length: 90 }, () => `How do I ${phrase(9, random)} and then ${phrase(7, random)}?`);
  const lines = (await readFile(file, 'utf8')).trim().split('\n');
  return lines.map((line) => String(JSON.parse(line).text));
}

async function readOut(index: Index): Promise<IndexedDocument[]> {
  const documents: IndexedDocument[] = [];
  for (;;) {
    const page = await index.export(documents.at(-1)?.document.id, 64);
    if (page.length === 0) break;
    documents.push(...page);
  }
  await index.close();
  return documents;
}

function sample(documents: readonly ChunkedDocument[], random: () => number): ChunkedDocument[] {
  const chosen: ChunkedDocument[] = [];
  let chunks = 0;
  const shuffled = documents
    .map((document) => ({ document, place: random() }))
    .sort((a, b) => a.place - b.place);
  for (const { document } of shuffled) {
    if (chunks >= SAMPLE) break;
    chosen.push(document);
    chunks += document.chunks.length;
  }
  return chosen;
}

function madeUp(random: () => number): ChunkedDocument[] {
  return Array.from({ length: SAMPLE / 10 }, (_, number) => ({
    document: {
      id: `made-up:${number}`,
      source: 'made-up',
      path: `${number}.md`,
      title: phrase(4, random),
      contentHash: '',
      audience: ['public'],
      version: '',
    },
    chunks: Array.from({ length: 10 }, (_, ordinal) => ({
      id: `${number}#${ordinal}`,
      ordinal,
      path: [phrase(3, random)],
      text: phrase(200, random),
      place: {},
    })),
  }));
}

/** Words as often as in a language: the most frequent one in every tenth place (Zipf). */
function phrase(words: number, random: () => number): string {
  return Array.from({ length: words }, () => `word${Math.floor(VOCABULARY ** random())}`).join(' ');
}
