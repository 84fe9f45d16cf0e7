// An index that keeps everything in memory and searches by brute force: for tests of what fills and asks an index.
import type {
  Hit,
  HitList,
  Index,
  IndexDescription,
  IndexedChunk,
  IndexedDocument,
  Orphan,
  SparseVector,
  Stretch,
} from '../../src/retrieval/index-port.js';
import { inReadingOrder, type Passage } from '../../src/retrieval/passage.js';
import { type AudienceFilter, mayRead } from '../../src/safety/access.js';

export class MemoryIndex implements Index {
  readonly documents = new Map<string, IndexedDocument>();
  /** How often each was called, and with how many documents. */
  readonly puts: number[] = [];

  async describe(): Promise<IndexDescription> {
    return { encoder: null, documents: this.documents.size, chunks: this.#all().length };
  }

  async contentHashes(source: string): Promise<ReadonlyMap<string, string>> {
    const held = [...this.documents.values()].filter(({ document }) => document.source === source);
    return new Map(held.map(({ document }) => [document.id, document.contentHash]));
  }

  async put(documents: readonly IndexedDocument[]): Promise<void> {
    this.puts.push(documents.length);
    for (const entry of documents) this.documents.set(entry.document.id, entry);
  }

  async remove(documentIds: readonly string[]): Promise<void> {
    for (const id of documentIds) this.documents.delete(id);
  }

  async dense(vectors: readonly Float32Array[], filter: AudienceFilter, k: number): Promise<HitList[]> {
    return vectors.map((vector) => this.#rank(filter, k, (chunk) => product(vector, chunk.vector)));
  }

  async lexical(terms: SparseVector, filter: AudienceFilter, k: number): Promise<HitList> {
    const all = this.#all();
    const idf = new Map(
      [...terms.ids].map((id) => {
        const holding = all.filter(({ chunk }) => chunk.terms.ids.includes(id)).length;
        return [id, Math.log(1 + (all.length - holding + 0.5) / (holding + 0.5))];
      }),
    );
    const weights = new Map([...terms.ids].map((id, at) => [id, terms.weights[at] ?? 0]));
    return this.#rank(filter, k, (chunk) =>
      [...chunk.terms.ids].reduce(
        (sum, id, at) => sum + (idf.get(id) ?? 0) * (weights.get(id) ?? 0) * (chunk.terms.weights[at] ?? 0),
        0,
      ),
    );
  }

  async passages(ids: readonly string[], filter: AudienceFilter): Promise<Passage[]> {
    const all = new Map(this.#all().map((entry) => [entry.chunk.id, entry]));
    return ids.flatMap((id) => {
      const entry = all.get(id);
      if (entry === undefined || !mayRead(filter, entry.document.audience)) return [];
      const { vector: _vector, terms: _terms, ...chunk } = entry.chunk;
      return [{ ...chunk, document: entry.document, score: 0 }];
    });
  }

  async export(after: string | undefined, limit: number): Promise<IndexedDocument[]> {
    return [...this.documents.values()]
      .filter(({ document }) => after === undefined || document.id > after)
      .sort((a, b) => (a.document.id < b.document.id ? -1 : 1))
      .slice(0, limit);
  }

  async wholeDocuments(ids: readonly string[]): Promise<IndexedDocument[]> {
    return ids.flatMap((id) => this.documents.get(id) ?? []).filter(({ chunks }) => chunks.length > 0);
  }

  async stretches(wanted: readonly Stretch[], filter: AudienceFilter): Promise<Passage[]> {
    const ids = wanted.flatMap(({ document, from, to }) =>
      (this.documents.get(document)?.chunks ?? [])
        .filter(({ ordinal }) => ordinal >= from && ordinal <= to)
        .map(({ id }) => id),
    );
    return inReadingOrder(await this.passages(ids, filter));
  }

  async orphans(): Promise<readonly Orphan[]> {
    return [];
  }

  async removeOrphans(): Promise<void> {}

  async close(): Promise<void> {}

  #all(): { document: IndexedDocument['document']; chunk: IndexedChunk }[] {
    return [...this.documents.values()].flatMap(({ document, chunks }) =>
      chunks.map((chunk) => ({ document, chunk })),
    );
  }

  #rank(filter: AudienceFilter, k: number, score: (chunk: IndexedChunk) => number): HitList {
    const scored = this.#all().map(({ document, chunk }) => ({
      document,
      id: chunk.id,
      score: score(chunk),
    }));
    const mean = scored.reduce((sum, hit) => sum + hit.score, 0) / Math.max(1, scored.length);
    const variance =
      scored.reduce((sum, hit) => sum + (hit.score - mean) ** 2, 0) / Math.max(1, scored.length);
    const hits: Hit[] = scored
      .filter((hit) => hit.score > 0 && mayRead(filter, hit.document.audience))
      .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1))
      .slice(0, k)
      .map(({ id, score: value }) => ({ id, score: value }));
    return { hits, mean, deviation: Math.sqrt(variance) };
  }
}

function product(a: Float32Array, b: Float32Array | undefined): number {
  return b === undefined ? 0 : a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0);
}
