// Searches the chunks of one setting for every question, with the project's own index and retriever.
import { estimateTokens } from '../../../ingest/chunker/size.js';
import { seededRandom } from '../../../src/evaluation/bootstrap.js';
import type { Encoder } from '../../../src/retrieval/encoder/encoder.js';
import { HybridRetriever } from '../../../src/retrieval/hybrid-retriever.js';
import { toIndexed } from '../../../src/retrieval/indexing.js';
import { openSqliteIndex } from '../../../src/retrieval/sqlite-index.js';
import { audience } from '../../../src/safety/access.js';
import { cut, type HandedOn, type ReadDocument } from './cut.js';
import type { Setting } from './settings.js';

/** Passages asked for: enough of the smallest chunks for the deepest look at them. */
const LIMIT = 64;

export interface Found {
  /** Question -> what is handed on for it, best first. */
  readonly passages: ReadonlyMap<string, readonly HandedOn[]>;
  /** Chunks in the index. */
  readonly chunks: number;
  /** Tokens of what is handed on, headings included. */
  readonly median: number;
}

export async function find(
  documents: readonly ReadDocument[],
  setting: Setting,
  encoder: Encoder | null,
  questions: Iterable<string>,
): Promise<Found> {
  const { searched, handedOn } = await cut(documents, setting);
  const all = [...new Set(handedOn.values())];
  const sizes = all.map(({ text }) => estimateTokens(text)).sort((a, b) => a - b);
  const about = { chunks: handedOn.size, median: sizes[Math.floor(sizes.length / 2)] ?? 0 };
  const passages = new Map<string, readonly HandedOn[]>();
  if (setting.atRandom === true) {
    const random = seededRandom(11);
    for (const question of questions)
      passages.set(
        question,
        Array.from({ length: LIMIT }, () => all[Math.floor(random() * all.length)]).flatMap(
          (drawn) => drawn ?? [],
        ),
      );
    return { passages, ...about };
  }
  const index = openSqliteIndex(':memory:', { encoder });
  await index.put(await toIndexed(searched, setting.headings === false ? withoutHeadings(encoder) : encoder));
  const retriever = new HybridRetriever({ index, encoder, now: () => 0 });
  for (const question of questions) {
    const { passages: found } = await retriever.search(question, audience(), LIMIT);
    passages.set(question, [...new Set(found.flatMap(({ id }) => handedOn.get(id) ?? []))]);
  }
  await index.close();
  return { passages, ...about };
}

/** Title and headings are the first line of what an encoder reads of a chunk. */
function withoutHeadings(encoder: Encoder | null): Encoder | null {
  if (encoder === null) return null;
  const text = (read: string) => read.slice(read.indexOf('\n') + 1);
  return { ...encoder, encode: (texts, kind) => encoder.encode(texts.map(text), kind) };
}
