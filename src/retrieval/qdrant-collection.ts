// The Qdrant collection of an index: made when it is missing, refused when it was made with something else.
import type { QdrantClient } from '@qdrant/js-client-rest';
import { z } from 'zod';
import { ChipwrightError } from '../errors.js';
import type { IndexDescription } from './index-port.js';
import { LEXICAL_VERSION } from './lexical.js';
import type { QdrantConnection } from './qdrant-connection.js';
import { isNotFound, isTaken } from './qdrant-errors.js';
import { DENSE, LEXICAL, PAYLOAD_INDEXES } from './qdrant-points.js';

/** Layout of points and payload; a collection of another layout is refused, not guessed at. */
const SCHEMA_VERSION = 1;

/** Minor version of Qdrant 1. */
const FIRST_WITH_METADATA = 16;

type EncoderIdentity = IndexDescription['encoder'];

/** What a collection was made with, kept in its metadata (Qdrant 1.16 or later) and written with it in one step. */
const storedIdentity = z.object({
  chipwright: z.object({
    schema: z.number(),
    lexical: z.number(),
    encoder: z.object({ id: z.string(), name: z.string(), dimensions: z.number() }).nullable(),
  }),
});
type Identity = z.infer<typeof storedIdentity>['chipwright'];

/**
 * Makes the collection for `encoder` (null: words only) unless it is there, and resolves to the encoder it was made for.
 * Rejects with `index_mismatch` when it was made with something else; without an encoder any can be searched by its words, and one that
 * is empty belongs to the first encoder that comes.
 */
export async function openCollection(
  connection: QdrantConnection,
  collection: string,
  encoder: EncoderIdentity,
): Promise<EncoderIdentity> {
  const wanted: Identity = { schema: SCHEMA_VERSION, lexical: LEXICAL_VERSION, encoder };
  let found =
    (await readCollection(connection, collection)) ??
    (await createCollection(connection, collection, wanted));
  let stored = identityOf(found);
  if (
    stored !== undefined &&
    differences(stored, wanted).length > 0 &&
    (await isEmpty(connection, collection))
  ) {
    // Never filled: nothing is lost, and nobody has to be asked.
    await connection.write('making the collection anew', (client) => client.deleteCollection(collection));
    found = await createCollection(connection, collection, wanted);
    stored = identityOf(found);
  }
  if (stored === undefined) throw await withoutIdentity(connection, collection);
  refuseOther(collection, stored, wanted);
  for (const [field, type] of Object.entries(PAYLOAD_INDEXES)) {
    if (found.payload_schema[field] !== undefined) continue;
    await connection.write('preparing the collection', (client) =>
      client.createPayloadIndex(collection, { field_name: field, field_schema: type, wait: true }),
    );
  }
  return stored.encoder;
}

/** What a collection is: undefined when it is not there or not one of ours. */
export interface CollectionContent {
  readonly encoder: EncoderIdentity;
  readonly empty: boolean;
}

/** Looks at a collection without making or changing anything. */
export async function inspectCollection(
  connection: QdrantConnection,
  collection: string,
): Promise<CollectionContent | undefined> {
  const found = await readCollection(connection, collection);
  const stored = found && identityOf(found);
  return stored && { encoder: stored.encoder, empty: await isEmpty(connection, collection) };
}

function identityOf(found: CollectionInfo): Identity | undefined {
  return storedIdentity.safeParse(found.config.metadata).data?.chipwright;
}

type CollectionInfo = Awaited<ReturnType<QdrantClient['getCollection']>>;

async function readCollection(
  connection: QdrantConnection,
  collection: string,
): Promise<CollectionInfo | undefined> {
  return connection.read('opening the collection', async (client) => {
    try {
      return await client.getCollection(collection);
    } catch (thrown) {
      if (isNotFound(thrown)) return undefined;
      throw thrown;
    }
  });
}

/** `points_count` of the collection is an estimate. */
async function isEmpty(connection: QdrantConnection, collection: string): Promise<boolean> {
  const { count } = await connection.read('counting', (client) => client.count(collection, { exact: true }));
  return count === 0;
}

async function createCollection(
  connection: QdrantConnection,
  collection: string,
  identity: Identity,
): Promise<CollectionInfo> {
  return connection.write('making the collection', async (client) => {
    try {
      // The plain call: `client.createCollection` drops the metadata.
      await client.api().createCollection({
        collection_name: collection,
        vectors:
          identity.encoder === null
            ? {}
            : { [DENSE]: { size: identity.encoder.dimensions, distance: 'Cosine' } },
        // The server supplies the other half of BM25: ln(1 + (N - n + 0.5) / (n + 0.5)), as inverseDocumentFrequency in lexical.ts.
        sparse_vectors: { [LEXICAL]: { modifier: 'idf' } },
        // A server counts N and n per shard, and a cluster makes several by itself: in one they are those of the whole collection.
        shard_number: 1,
        metadata: { chipwright: identity },
      });
    } catch (thrown) {
      // Another process came first, or our own lost answer did. Whose it is, the metadata tells.
      if (!isTaken(thrown)) throw thrown;
    }
    return client.getCollection(collection);
  });
}

function refuseOther(collection: string, stored: Identity, wanted: Identity): void {
  const [part, has, wants] = differences(stored, wanted)[0] ?? [];
  if (part !== undefined) throw collectionMismatch(collection, part, String(has), String(wants));
}

/** Part, stored, wanted. */
function differences(stored: Identity, wanted: Identity): [string, unknown, unknown][] {
  const pairs: [string, unknown, unknown][] = [
    ['schema', stored.schema, wanted.schema],
    ['lexical', stored.lexical, wanted.lexical],
    ['encoder', stored.encoder?.id ?? 'none', wanted.encoder?.id ?? 'none'],
  ];
  return pairs.filter(
    ([part, has, wants]) => has !== wants && !(part === 'encoder' && wanted.encoder === null),
  );
}

/** `part` says what differs: `encoder`, `lexical` or `schema`. */
export function collectionMismatch(
  collection: string,
  part: string,
  stored: string,
  wanted: string,
): ChipwrightError {
  return new ChipwrightError(
    'index_mismatch',
    `The Qdrant collection ${collection} was built with ${part} ${stored}, but ${part} ${wanted} is in use.`,
    {
      cure: 'Build it anew with `chipwright ingest --rebuild DIR`, or go back to the earlier model.',
    },
  );
}

/** Why a collection has no metadata of ours: an old server drops them, even from a collection that we just made. */
async function withoutIdentity(connection: QdrantConnection, collection: string): Promise<ChipwrightError> {
  const { version } = await connection.read('asking for its version', (client) => client.versionInfo());
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < 1 || (major === 1 && minor < FIRST_WITH_METADATA)) {
    return new ChipwrightError(
      'index_unavailable',
      `The Qdrant server is too old: it is version ${version}, and keeps no metadata of collections.`,
      {
        cure: `Upgrade the server to version 1.19 or later; then delete its collection ${collection}, unless another program made it.`,
      },
    );
  }
  return new ChipwrightError(
    'index_mismatch',
    `The Qdrant collection ${collection} was not made by Chipwright.`,
    { cure: 'Rename or delete that collection, or use another server.' },
  );
}
