// Which version of each document counts on a Qdrant server, and which passages belong to none.
import { z } from 'zod';
import type { Orphan } from './index-port.js';
import type { QdrantConnection } from './qdrant-connection.js';
import {
  CHUNK_KIND,
  documentPointId,
  type StoredVersion,
  toVersion,
  VERSION_FIELDS,
} from './qdrant-points.js';

/** Points, documents or deletions per request: a few megabytes. */
const BATCH = 128;

/** Points per page when only a few fields of each are read. */
const PAGE = 1_000;

export interface Collection {
  readonly connection: QdrantConnection;
  readonly collection: string;
}

/** By document id; without those that the collection does not hold. */
export async function storedVersions(
  { connection, collection }: Collection,
  documentIds: readonly string[],
): Promise<ReadonlyMap<string, StoredVersion>> {
  const versions = new Map<string, StoredVersion>();
  for (const batch of batches([...new Set(documentIds)])) {
    const points = await connection.read('reading versions', (client) =>
      client.retrieve(collection, { ids: batch.map(documentPointId), with_payload: VERSION_FIELDS }),
    );
    for (const version of points.flatMap(({ payload }) => toVersion(payload) ?? []))
      versions.set(version.document, version);
  }
  return versions;
}

const ownership = z.object({ document: z.string(), file: z.string(), contentHash: z.string() });

/** Goes through all passages. */
export async function findOrphans(place: Collection): Promise<Orphan[]> {
  const orphans: Orphan[] = [];
  let offset: string | number | undefined;
  do {
    const page = await place.connection.read('looking for orphaned passages', (client) =>
      client.scroll(place.collection, {
        filter: { must: [{ key: 'kind', match: { value: CHUNK_KIND } }] },
        with_payload: Object.keys(ownership.shape),
        limit: PAGE,
        ...(offset === undefined ? {} : { offset }),
      }),
    );
    const passages = page.points.flatMap(({ id, payload }) => {
      const { data } = ownership.safeParse(payload);
      return data === undefined ? [] : [{ id: String(id), ...data }];
    });
    const versions = await storedVersions(
      place,
      passages.map(({ document }) => document),
    );
    for (const { id, document, file, contentHash } of passages)
      if (versions.get(document)?.contentHash !== contentHash) orphans.push({ id, path: file });
    offset = pointIdOf(page.next_page_offset);
  } while (offset !== undefined);
  return orphans;
}

export async function removePoints(
  { connection, collection }: Collection,
  ids: readonly string[],
): Promise<void> {
  for (const points of batches(ids)) {
    await connection.write('removing orphaned passages', (client) =>
      client.delete(collection, { wait: true, points }),
    );
  }
}

/** What a page ends with, as an offset of the next one. */
export function pointIdOf(offset: unknown): string | number | undefined {
  return typeof offset === 'string' || typeof offset === 'number' ? offset : undefined;
}

export function* batches<T>(items: readonly T[]): Generator<T[]> {
  for (let at = 0; at < items.length; at += BATCH) yield items.slice(at, at + BATCH);
}
