// How many of the exact nearest passages the graph of a Qdrant server finds.
import type { QdrantClient } from '@qdrant/js-client-rest';
import { graphSearch, HNSW_EF } from '../../../src/retrieval/qdrant-index.js';
import { DENSE } from '../../../src/retrieval/qdrant-points.js';

const DEPTH = 20;

/** Mean share of the exact first twenty that are among the twenty found the way the index searches, over all `vectors`. */
export async function recallAt20(
  client: QdrantClient,
  collection: string,
  vectors: readonly (readonly number[])[],
): Promise<number> {
  let found = 0;
  let all = 0;
  for (const vector of vectors) {
    const query = {
      query: [...vector],
      using: DENSE,
      limit: DEPTH,
      filter: { must: [{ key: 'acl', match: { any: ['public'] } }] },
    };
    const [approximate, exact] = await client.queryBatch(collection, {
      searches: [
        { ...query, params: graphSearch(HNSW_EF) },
        { ...query, params: { exact: true, quantization: { ignore: true } } },
      ],
    });
    const should = new Set(exact?.points.map(({ id }) => id));
    found += approximate?.points.filter(({ id }) => should.has(id)).length ?? 0;
    all += should.size;
  }
  return found / Math.max(1, all);
}
