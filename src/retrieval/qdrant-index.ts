// The index on a Qdrant server: one collection with a dense and a sparse vector per chunk.
import type { Schemas } from '@qdrant/js-client-rest';
import type { Logger } from 'pino';
import type { AudienceFilter } from '../safety/access.js';
import { mayRead } from '../safety/access.js';
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
} from './index-port.js';
import { chunkTerms } from './lexical.js';
import { type DocumentRecord, headingLine, inReadingOrder, type Passage } from './passage.js';
import { collectionMismatch, openCollection } from './qdrant-collection.js';
import type { QdrantConnection } from './qdrant-connection.js';
import {
  CHUNK_KIND,
  chunkPointId,
  chunkPointIds,
  DENSE,
  DOCUMENT_KIND,
  documentPointId,
  HIT_FIELDS,
  LEXICAL,
  type StoredVersion,
  toChunkPoint,
  toDocument,
  toDocumentPoint,
  toHit,
  toPassage,
  toVector,
  toVersion,
  VERSION_FIELDS,
} from './qdrant-points.js';
import { SCORED, sampleOf, statisticsOf, statisticsOfSparse } from './qdrant-statistics.js';
import {
  batches,
  type Collection,
  findOrphans,
  pointIdOf,
  removePoints,
  storedVersions,
} from './qdrant-versions.js';

export interface QdrantIndexParts {
  readonly connection: QdrantConnection;
  readonly collection: string;
  /** Null: words only. */
  readonly encoder: IndexDescription['encoder'];
  /** Passages that a search by meaning keeps in view on its way through the graph; HNSW_EF unless given. */
  readonly hnswEf?: number | undefined;
  /** Told how many passages the server handed out that the audience must not see: they are dropped, and somebody should know. */
  readonly onForbidden?: ((passages: number) => void) | undefined;
  readonly log: Logger;
}

/** Passages per page when they are read whole. */
const WHOLE_PAGE = 128;

/** Documents per page of `contentHashes`. */
const PAGE = 1_000;

const NOTHING: HitList = { hits: [], mean: 0, deviation: 0 };

/**
 * Opens the collection, or makes it for `encoder`. Rejects with `index_mismatch` when it was made with another encoder or tokenizer,
 * `index_refused` for a refused API key, `index_unavailable` when the server does not answer.
 *
 * Two processes may write at once: of one document's versions the last written wins, whole after the next sync at the latest.
 */
export async function openQdrantIndex(parts: QdrantIndexParts): Promise<Index> {
  const { connection, collection, encoder } = parts;
  const identity = encoder && { id: encoder.id, name: encoder.name, dimensions: encoder.dimensions };
  const stored = await openCollection(connection, collection, identity);
  return new QdrantIndex({ ...parts, encoder: identity, stored });
}

interface OpenParts extends QdrantIndexParts {
  /** What the collection was made for; differs from `encoder` only where that is null. */
  readonly stored: IndexDescription['encoder'];
}

class QdrantIndex implements Index {
  readonly #connection: QdrantConnection;
  readonly #collection: string;
  readonly #encoder: IndexDescription['encoder'];
  readonly #stored: IndexDescription['encoder'];
  readonly #graphSearch: ReturnType<typeof graphSearch>;
  readonly #onForbidden: (passages: number) => void;
  readonly #log: Logger;

  constructor({
    connection,
    collection,
    encoder,
    hnswEf = HNSW_EF,
    onForbidden = () => {},
    stored,
    log,
  }: OpenParts) {
    this.#connection = connection;
    this.#collection = collection;
    this.#encoder = encoder;
    this.#stored = stored;
    this.#graphSearch = graphSearch(hnswEf);
    this.#onForbidden = onForbidden;
    this.#log = log;
  }

  async describe(): Promise<IndexDescription> {
    const [documents, chunks] = await Promise.all([this.#count(DOCUMENT_KIND), this.#count(CHUNK_KIND)]);
    return { encoder: this.#encoder, documents, chunks };
  }

  async contentHashes(source: string): Promise<ReadonlyMap<string, string>> {
    const hashes = new Map<string, string>();
    let offset: Schemas['ExtendedPointId'] | undefined;
    do {
      const page = await this.#connection.read('listing documents', (client) =>
        client.scroll(this.#collection, {
          filter: { must: [is('kind', DOCUMENT_KIND), is('source', source)] },
          with_payload: VERSION_FIELDS,
          limit: PAGE,
          ...(offset === undefined ? {} : { offset }),
        }),
      );
      for (const { payload } of page.points) {
        const version = toVersion(payload);
        // Without a hash a document counts as changed: the next sync settles what was left half done.
        if (version !== undefined) hashes.set(version.document, version.replacing ? '' : version.contentHash);
      }
      offset = pointIdOf(page.next_page_offset);
    } while (offset !== undefined);
    return hashes;
  }

  /**
   * First the new chunks, which nobody is shown yet; then, for documents that the index has, their points: from here on the new version
   * counts and the old one does not; then away with the old chunks; last the documents' points for good. What a failure leaves half done,
   * the next sync does again: until the end the document has its old hash or none.
   */
  async put(documents: readonly IndexedDocument[]): Promise<void> {
    if (this.#encoder === null && this.#stored !== null) {
      throw collectionMismatch(this.#collection, 'encoder', this.#stored.id, 'none');
    }
    const latest = [...new Map(documents.map((entry) => [entry.document.id, entry])).values()];
    const held = await this.#versions(latest.map(({ document }) => document.id));
    const withVector = this.#encoder !== null;
    const placed = latest.map(({ document, chunks }) => {
      const before = held.get(document.id);
      const isNew = before?.contentHash !== document.contentHash;
      const slot = isNew && before?.slot === 0 ? 1 : isNew ? 0 : before.slot;
      return { document, chunks, slot, replaces: isNew && before !== undefined } as const;
    });
    await this.#upsert(
      placed.flatMap(({ document, chunks, slot }) =>
        chunks.map((chunk) => toChunkPoint(document, chunk, { slot, withVector })),
      ),
    );
    await this.#upsert(
      placed
        .filter(({ replaces }) => replaces)
        .map(({ document, slot }) => toDocumentPoint(document, { slot, replacing: true })),
    );
    const outdated = placed.map(({ document, chunks, slot }) => ({
      must: [is('kind', CHUNK_KIND), is('document', document.id)],
      must_not: [{ has_id: chunks.map(({ id }) => chunkPointId(id, slot)) }],
    }));
    for (const filters of batches(outdated)) {
      await this.#connection.write('removing outdated passages', (client) =>
        client.batchUpdate(this.#collection, {
          wait: true,
          operations: filters.map((filter) => ({ delete: { filter } })),
        }),
      );
    }
    await this.#upsert(
      placed.map(({ document, slot }) => toDocumentPoint(document, { slot, replacing: false })),
    );
  }

  async remove(documentIds: readonly string[]): Promise<void> {
    for (const ids of batches(documentIds)) {
      await this.#connection.write('removing documents', (client) =>
        client.delete(this.#collection, {
          wait: true,
          filter: { must: [{ key: 'document', match: { any: ids } }] },
        }),
      );
    }
  }

  async dense(vectors: readonly Float32Array[], filter: AudienceFilter, k: number): Promise<HitList[]> {
    if (this.#encoder === null || filter.tags.length === 0) return vectors.map(() => NOTHING);
    const { below } = sampleOf(await this.#count(CHUNK_KIND));
    const searches = vectors.flatMap((vector) => {
      const query = { query: Array.from(vector), using: DENSE };
      return [
        {
          ...query,
          filter: readableBy(filter),
          limit: k,
          with_payload: HIT_FIELDS,
          params: this.#graphSearch,
        },
        // Scores only, of everybody's chunks: a mean and a deviation tell nobody what stands in one. See qdrant-statistics.ts.
        { ...query, filter: { must: [sampledBelow(below)] }, limit: 2 * SCORED },
      ];
    });
    const answers = await this.#search('searching by meaning', searches);
    return vectors.map((_, at) => ({
      hits: this.#toHits(answers[2 * at] ?? [], filter),
      ...statisticsOf((answers[2 * at + 1] ?? []).map(({ score }) => score)),
    }));
  }

  async lexical(terms: SparseVector, filter: AudienceFilter, k: number): Promise<HitList> {
    if (terms.ids.length === 0 || filter.tags.length === 0) return NOTHING;
    const chunks = await this.#count(CHUNK_KIND);
    const { below, share } = sampleOf(chunks);
    const query = {
      query: { indices: Array.from(terms.ids), values: Array.from(terms.weights) },
      using: LEXICAL,
      params: EXACT_IDF,
    };
    const readable = readableBy(filter);
    const [best = [], head = [], sampled = []] = await this.#search('searching by words', [
      { ...query, filter: readable, limit: k, with_payload: HIT_FIELDS },
      { ...query, filter: readable, limit: SCORED },
      ...(share < 1
        ? [{ ...query, filter: { must: [...readable.must, sampledBelow(below)] }, limit: 2 * SCORED }]
        : []),
    ]);
    const isAll = head.length < SCORED;
    return {
      hits: this.#toHits(best, filter),
      ...statisticsOfSparse(chunks, head, isAll ? [] : sampled, share),
    };
  }

  async passages(ids: readonly string[], filter: AudienceFilter): Promise<Passage[]> {
    if (filter.tags.length === 0) return [];
    const found = new Map<string, Passage>();
    for (const batch of batches([...new Set(ids)])) {
      const { points } = await this.#connection.read('fetching passages', (client) =>
        client.scroll(this.#collection, {
          filter: { must: [...readableBy(filter).must, { has_id: batch.flatMap(chunkPointIds) }] },
          with_payload: true,
          limit: 2 * batch.length,
        }),
      );
      const passages = points.map(({ payload }) => toPassage(payload));
      const readable = this.#readable(passages, filter, (one) => one.document.audience);
      for (const passage of await this.#current(readable)) found.set(passage.id, passage);
    }
    return ids.flatMap((id) => found.get(id) ?? []);
  }

  async stretches(wanted: readonly Stretch[], filter: AudienceFilter): Promise<Passage[]> {
    if (filter.tags.length === 0) return [];
    const found: Passage[] = [];
    for (const batch of batches(wanted.filter(({ from, to }) => from <= to))) {
      const { points } = await this.#connection.read('fetching neighbours', (client) =>
        client.scroll(this.#collection, {
          filter: {
            must: [is('kind', CHUNK_KIND), ...readableBy(filter).must],
            should: batch.map(({ document, from, to }) => ({
              must: [is('document', document), { key: 'ordinal', range: { gte: from, lte: to } }],
            })),
          },
          with_payload: true,
          limit: 2 * batch.reduce((sum, { from, to }) => sum + to - from + 1, 0),
        }),
      );
      const passages = points.map(({ payload }) => toPassage(payload));
      const readable = this.#readable(passages, filter, (one) => one.document.audience);
      found.push(...(await this.#current(readable)));
    }
    return inReadingOrder(found);
  }

  /** In the order of the documents' points, which is that of a hash of their ids. */
  async export(after: string | undefined, limit: number): Promise<IndexedDocument[]> {
    const last = after === undefined ? undefined : documentPointId(after);
    const { points } = await this.#connection.read('listing documents', (client) =>
      client.scroll(this.#collection, {
        filter: { must: [is('kind', DOCUMENT_KIND)] },
        with_payload: true,
        // The page begins with the offset itself, where that is still there.
        limit: limit + 1,
        ...(last === undefined ? {} : { offset: last }),
      }),
    );
    const documents = points
      .filter(({ id }) => id !== last)
      .slice(0, limit)
      .flatMap(({ payload }) => toDocument(payload) ?? []);
    return this.#whole(documents);
  }

  async wholeDocuments(ids: readonly string[]): Promise<IndexedDocument[]> {
    const records = new Map<string, DocumentRecord>();
    for (const batch of batches([...new Set(ids)])) {
      const points = await this.#connection.read('reading documents', (client) =>
        client.retrieve(this.#collection, { ids: batch.map(documentPointId), with_payload: true }),
      );
      for (const record of points.flatMap(({ payload }) => toDocument(payload) ?? []))
        records.set(record.id, record);
    }
    const whole = await this.#whole(ids.flatMap((id) => records.get(id) ?? []));
    return whole.filter(({ chunks }) => chunks.length > 0);
  }

  /** These documents with the chunks of just their version, in order. */
  async #whole(documents: readonly DocumentRecord[]): Promise<IndexedDocument[]> {
    const found = new Map<string, IndexedChunk[]>(documents.map(({ id }) => [id, []]));
    const hashes = new Map(documents.map(({ id, contentHash }) => [id, contentHash]));
    let offset: Schemas['ExtendedPointId'] | undefined;
    do {
      if (found.size === 0) break;
      const page = await this.#connection.read('reading documents', (client) =>
        client.scroll(this.#collection, {
          filter: { must: [is('kind', CHUNK_KIND), { key: 'document', match: { any: [...found.keys()] } }] },
          with_payload: true,
          with_vector: this.#stored === null ? false : [DENSE],
          limit: WHOLE_PAGE,
          ...(offset === undefined ? {} : { offset }),
        }),
      );
      for (const { payload, vector: vectors } of page.points) {
        const passage = toPassage(payload);
        if (passage === undefined) continue;
        const { document, score: _score, ...chunk } = passage;
        if (hashes.get(document.id) !== document.contentHash) continue;
        const terms = chunkTerms(headingLine(document.title, chunk.path), chunk.text);
        const vector = toVector(vectors);
        found
          .get(document.id)
          ?.push(vector === undefined ? { ...chunk, terms } : { ...chunk, terms, vector });
      }
      offset = pointIdOf(page.next_page_offset);
    } while (offset !== undefined);
    return documents.map((document) => ({
      document,
      chunks: (found.get(document.id) ?? []).sort((a, b) => a.ordinal - b.ordinal),
    }));
  }

  /** Those that belong to the version of their document that counts: never two versions of one, and none of a document half stored. */
  async #current(passages: readonly Passage[]): Promise<Passage[]> {
    const versions = await this.#versions(passages.map(({ document }) => document.id));
    return passages.filter(({ document }) => versions.get(document.id)?.contentHash === document.contentHash);
  }

  #versions(documentIds: readonly string[]): Promise<ReadonlyMap<string, StoredVersion>> {
    return storedVersions(this.#place, documentIds);
  }

  orphans(): Promise<readonly Orphan[]> {
    return findOrphans(this.#place);
  }

  removeOrphans(orphans: readonly Orphan[]): Promise<void> {
    return removePoints(
      this.#place,
      orphans.map(({ id }) => id),
    );
  }

  get #place(): Collection {
    return { connection: this.#connection, collection: this.#collection };
  }

  /** The connections close by themselves when they are no longer used. */
  async close(): Promise<void> {}

  async #count(kind: string): Promise<number> {
    const { count } = await this.#connection.read('counting', (client) =>
      client.count(this.#collection, { filter: { must: [is('kind', kind)] }, exact: true }),
    );
    return count;
  }

  async #upsert(points: readonly Schemas['PointStruct'][]): Promise<void> {
    for (const batch of batches(points)) {
      await this.#connection.write('storing passages', (client) =>
        client.upsert(this.#collection, { wait: true, points: batch }),
      );
    }
  }

  async #search(doing: string, searches: Schemas['QueryRequest'][]): Promise<Schemas['ScoredPoint'][][]> {
    if (searches.length === 0) return [];
    const answers = await this.#connection.read(doing, (client) =>
      client.queryBatch(this.#collection, { searches }),
    );
    return answers.map(({ points }) => points);
  }

  #toHits(points: readonly Schemas['ScoredPoint'][], filter: AudienceFilter): Hit[] {
    const hits = points.map(({ payload, score }) => {
      const hit = toHit(payload);
      return hit && { ...hit, score };
    });
    // A chunk that stands in the old and the new version of a document is found twice while the one takes over from the other.
    const best = new Map<string, number>();
    for (const { id, score } of this.#readable(hits, filter, ({ acl }) => acl))
      if (!best.has(id)) best.set(id, score);
    return [...best].map(([id, score]) => ({ id, score }));
  }

  /** The second check of who may read what: a server that ignores a filter must not be able to show anything. */
  #readable<T>(
    found: readonly (T | undefined)[],
    filter: AudienceFilter,
    audienceOf: (one: T) => readonly string[],
  ): T[] {
    const readable = found.filter(
      (one): one is T & {} => one !== undefined && one !== null && mayRead(filter, audienceOf(one)),
    );
    const dropped = found.length - readable.length;
    if (dropped > 0) {
      this.#log.error({ dropped }, 'Qdrant returned points that the filter excludes');
      this.#onForbidden(dropped);
    }
    return readable;
  }
}

/**
 * By default a server's N and n still count what was deleted or replaced, until it tidies up its segments. Over a named corpus, here
 * everything, it counts what is there. Known since Qdrant 1.19; older ones do not look at it.
 */
const EXACT_IDF = { idf: { corpus: {} } };

/**
 * Among 300,000 passages it finds .995 of the first 50, where Qdrant's own 100 finds .954, for 3 ms more (docs/sizing.md). Among fewer the
 * difference is smaller.
 */
export const HNSW_EF = 256;

/**
 * How a search by meaning goes through the server's graph; what is too small for a graph it compares whole. Where the operator has the
 * server keep quantised vectors (docs/sizing.md), twice as many are found by those and the exact ones have the last word: scores are the
 * same as without. Where there are none, nobody looks at it.
 */
export const graphSearch = (hnswEf: number) => ({
  hnsw_ef: hnswEf,
  quantization: { rescore: true, oversampling: 2 },
});

function is(key: string, value: string) {
  return { key, match: { value } };
}

/** The one place where an audience becomes a filter. A point without audience matches nothing. */
function readableBy(filter: AudienceFilter) {
  return { must: [{ key: 'acl', match: { any: [...filter.tags] } }] };
}

function sampledBelow(below: number) {
  return { key: 'sample', range: { lt: below } };
}
