// Checks that an index is sound, and sums up what it holds in one hash that is the same on every engine.
import { createHash } from 'node:crypto';
import { audience, isAudienceTag } from '../safety/access.js';
import type { Index, IndexedChunk, IndexedDocument } from './index-port.js';
import { pages } from './reencode.js';

/** Rounding of fp32 vectors, and of what an engine does to them when it stores them. */
const UNIT_TOLERANCE = 1e-3;

/** Passages that are searched for with their own vector and words. */
const SAMPLES = 5;

export interface Soundness {
  readonly documents: number;
  readonly chunks: number;
  /** SHA-256 over all documents and chunks, whatever the order and the engine; vectors are left out, as each engine rounds them. */
  readonly contentHash: string;
  /** Sentences; empty when all is well. */
  readonly problems: readonly string[];
}

/** Reads the whole index through. */
export async function verifyIndex(
  index: Index,
  onProgress: (done: number, total: number) => void = () => {},
): Promise<Soundness> {
  const { encoder, documents, chunks } = await index.describe();
  const hasVectors = encoder !== null;
  const digests: string[] = [];
  const count = { chunks: 0, samples: 0 };
  const wrong = new Wrong();
  for await (const page of pages(index)) {
    for (const entry of page) {
      digests.push(digestOf(entry));
      count.chunks += entry.chunks.length;
      const { document } = entry;
      if (!document.audience.some(isAudienceTag)) wrong.note('documents that nobody may read', document.path);
      for (const chunk of entry.chunks)
        if (!hasUsableVector(chunk, hasVectors))
          wrong.note('passages without a usable vector', document.path);
    }
    const [sample] = page.filter((entry) => entry.chunks.length > 0);
    if (sample !== undefined && count.samples < SAMPLES) {
      count.samples++;
      if (!(await isFound(index, sample)))
        wrong.note('passages that a search does not find', sample.document.path);
    }
    onProgress(digests.length, documents);
  }
  // Going through all passages once more is worth it only then.
  const orphans = chunks === count.chunks ? [] : await index.orphans();
  for (const { path } of orphans) wrong.note('passages that belong to no version of their document', path);
  return {
    documents: digests.length,
    chunks: count.chunks,
    contentHash: createHash('sha256').update(digests.sort().join('\n')).digest('hex'),
    problems: [
      ...wrong.sentences(),
      ...(documents === digests.length
        ? []
        : [`It counts ${documents} documents, but ${digests.length} can be read.`]),
      ...(chunks - orphans.length === count.chunks
        ? []
        : [`It counts ${chunks} passages, but ${count.chunks} belong to a document.`]),
    ],
  };
}

/** What is wrong how often, and where first. */
class Wrong {
  readonly #found = new Map<string, { count: number; readonly first: string }>();

  note(what: string, path: string): void {
    const known = this.#found.get(what);
    if (known === undefined) this.#found.set(what, { count: 1, first: path });
    else known.count++;
  }

  sentences(): string[] {
    return [...this.#found].map(
      ([what, { count, first }]) => `It holds ${what}: ${count}, the first in ${first}.`,
    );
  }
}

function hasUsableVector({ vector }: IndexedChunk, wanted: boolean): boolean {
  if (vector === undefined) return !wanted;
  // Not finite anywhere: neither is the sum.
  const square = vector.reduce((sum, value) => sum + value * value, 0);
  return Math.abs(Math.sqrt(square) - 1) < UNIT_TOLERANCE;
}

/** Whether the first passage of the document comes first for its own vector, or one that is the same; and any for its own words. */
async function isFound(index: Index, { document, chunks }: IndexedDocument): Promise<boolean> {
  const filter = audience(document.audience);
  const [chunk] = chunks;
  if (chunk === undefined || !document.audience.some(isAudienceTag)) return true;
  if (chunk.vector !== undefined && hasUsableVector(chunk, true)) {
    const [list] = await index.dense([chunk.vector], filter, 1);
    if ((list?.hits[0]?.score ?? 0) < 1 - UNIT_TOLERANCE) return false;
  }
  if (chunk.terms.ids.length === 0) return true;
  return (await index.lexical(chunk.terms, filter, 1)).hits.length > 0;
}

/** Of one document and its chunks, field by field; what the engines write differently is made alike. */
function digestOf({ document, chunks }: IndexedDocument): string {
  const { id, source, path, title, contentHash, version } = document;
  const fields = [
    [id, source, path, title, contentHash, [...document.audience].sort(), version],
    ...chunks.map((chunk) => {
      const { line = null, endLine = null, page = null } = chunk.place;
      return [chunk.id, chunk.ordinal, chunk.path, chunk.text, line, endLine, page, chunk.href ?? null];
    }),
  ];
  // Half a character (a lone surrogate) does not survive either engine.
  const text = JSON.stringify(fields, (_, value: unknown) =>
    typeof value === 'string' ? value.replace(/\p{Surrogate}/gu, '\uFFFD') : value,
  );
  return createHash('sha256').update(text).digest('hex');
}
