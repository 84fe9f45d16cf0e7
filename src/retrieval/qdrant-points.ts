// How chunks and documents are laid out as Qdrant points, and read back.
import { createHash } from 'node:crypto';
import type { Schemas } from '@qdrant/js-client-rest';
import { z } from 'zod';
import type { IndexedChunk } from './index-port.js';
import type { DocumentRecord, Passage } from './passage.js';

/** Names of the two vectors of a chunk's point. */
export const DENSE = 'dense';
export const LEXICAL = 'lexical';

/**
 * Each chunk is a point with its vectors and everything a passage needs. Each document is one more point without vectors, and that one
 * says which version of the document counts: chunks of any other version are found by the server, but shown to nobody. So a document
 * changes from one version to the next with the writing of one point.
 */
export const CHUNK_KIND = 'chunk';
export const DOCUMENT_KIND = 'document';

/** Every chunk falls into one of so many equal parts by its id: the first few are a fair sample of all. */
export const SAMPLE_PARTS = 65_536;

/** What is filtered by. A server may refuse filters on other fields (strict mode). */
export const PAYLOAD_INDEXES = {
  kind: 'keyword',
  acl: 'keyword',
  document: 'keyword',
  ordinal: 'integer',
  source: 'keyword',
  sample: 'integer',
} as const;

/**
 * A chunk that stands in two versions of its document keeps its id, and both must be there while the one takes over from the other: so
 * there are two slots for it, and each version of a document fills the slot that the version before it does not.
 */
export type Slot = 0 | 1;

/** UUID of a chunk's point: the same chunk id always gives the same two. */
export function chunkPointId(chunkId: string, slot: Slot): string {
  return uuidOf(`${CHUNK_KIND}\0${chunkId}${slot === 0 ? '' : '\0second'}`);
}

/** Of both slots. */
export function chunkPointIds(chunkId: string): string[] {
  return [chunkPointId(chunkId, 0), chunkPointId(chunkId, 1)];
}

/** UUID of a document's own point. */
export function documentPointId(documentId: string): string {
  return uuidOf(`${DOCUMENT_KIND}\0${documentId}`);
}

/** `withVector`: false in an index of words only. */
export function toChunkPoint(
  document: DocumentRecord,
  chunk: IndexedChunk,
  { slot, withVector }: { readonly slot: Slot; readonly withVector: boolean },
): Schemas['PointStruct'] {
  const { ids, weights } = chunk.terms;
  const payload = {
    kind: CHUNK_KIND,
    acl: [...document.audience],
    sample: createHash('sha1').update(chunk.id).digest().readUInt16BE(0),
    id: chunk.id,
    ordinal: chunk.ordinal,
    path: chunk.path.map(wellFormed),
    text: wellFormed(chunk.text),
    place: chunk.place,
    ...(chunk.href === undefined ? {} : { href: chunk.href }),
    ...documentFields(document),
  };
  return {
    id: chunkPointId(chunk.id, slot),
    vector: {
      ...(withVector && chunk.vector !== undefined ? { [DENSE]: Array.from(chunk.vector) } : {}),
      ...(ids.length > 0 ? { [LEXICAL]: { indices: Array.from(ids), values: Array.from(weights) } } : {}),
    },
    payload,
  };
}

/** `replacing`: the chunks of the version before may still be there, and it is not settled that they go. */
export function toDocumentPoint(
  document: DocumentRecord,
  { slot, replacing }: { readonly slot: Slot; readonly replacing: boolean },
): Schemas['PointStruct'] {
  return {
    id: documentPointId(document.id),
    vector: {},
    payload: {
      kind: DOCUMENT_KIND,
      acl: [...document.audience],
      slot,
      ...(replacing ? { replacing } : {}),
      ...documentFields(document),
    },
  };
}

function documentFields(document: DocumentRecord) {
  return {
    document: document.id,
    source: document.source,
    file: document.path,
    title: wellFormed(document.title),
    contentHash: document.contentHash,
    version: document.version,
  };
}

/** Half a character (a lone surrogate) is no Unicode, and the server would refuse the whole batch for it. */
function wellFormed(text: string): string {
  return text.replace(/\p{Surrogate}/gu, '\uFFFD');
}

const documentPayload = z.object({
  // Points of documents have it since they can be exported; without it nobody may read one.
  acl: z.array(z.string()).default([]),
  document: z.string(),
  source: z.string(),
  file: z.string(),
  title: z.string(),
  contentHash: z.string(),
  version: z.string(),
});

const chunkPayload = z.object({
  kind: z.literal(CHUNK_KIND),
  sample: z.number(),
  id: z.string(),
  ordinal: z.number(),
  path: z.array(z.string()),
  text: z.string(),
  place: z
    .object({ line: z.number().optional(), endLine: z.number().optional(), page: z.number().optional() })
    // Only what is there: an absent field must not come back as undefined.
    .transform((place) => place as { line?: number; endLine?: number; page?: number }),
  href: z.string().optional(),
  ...documentPayload.shape,
});

/** Undefined for a point that is no chunk of ours. */
export function toPassage(payload: unknown): Passage | undefined {
  const parsed = chunkPayload.safeParse(payload);
  if (!parsed.success) return undefined;
  const { id, ordinal, path, text, place, href, ...rest } = parsed.data;
  return {
    id,
    ordinal,
    path,
    text,
    place,
    ...(href === undefined ? {} : { href }),
    document: toRecord(rest),
    score: 0,
  };
}

/** Undefined for a point that is no document of ours. */
export function toDocument(payload: unknown): DocumentRecord | undefined {
  const { data } = documentPayload.safeParse(payload);
  return data && toRecord(data);
}

function toRecord(payload: z.infer<typeof documentPayload>): DocumentRecord {
  return {
    id: payload.document,
    source: payload.source,
    path: payload.file,
    title: payload.title,
    contentHash: payload.contentHash,
    audience: payload.acl,
    version: payload.version,
  };
}

const hitPayload = z.object({ id: z.string(), acl: z.array(z.string()) });
/** The fields `toHit` needs. */
export const HIT_FIELDS = ['id', 'acl'];

/** Chunk id and audience of a found point; undefined for one that is not ours. */
export function toHit(payload: unknown): { id: string; acl: string[] } | undefined {
  return hitPayload.safeParse(payload).data;
}

const storedVectors = z.object({ [DENSE]: z.array(z.number()) });

/** The dense vector of a point; undefined where it has none. */
export function toVector(vectors: unknown): Float32Array | undefined {
  const { data } = storedVectors.safeParse(vectors);
  return data && Float32Array.from(data[DENSE]);
}

/** Which version of a document counts. */
export interface StoredVersion {
  readonly document: string;
  readonly contentHash: string;
  readonly slot: Slot;
  readonly replacing: boolean;
}

const versionPayload = z.object({
  document: z.string(),
  contentHash: z.string(),
  slot: z.union([z.literal(0), z.literal(1)]).default(0),
  replacing: z.boolean().default(false),
});
/** The fields `toVersion` needs. */
export const VERSION_FIELDS = Object.keys(versionPayload.shape);

/** Of a document's point; undefined for one that is not ours. */
export function toVersion(payload: unknown): StoredVersion | undefined {
  return versionPayload.safeParse(payload).data;
}

/** Version 5 of RFC 9562, in a namespace of our own: Qdrant takes only integers and UUIDs as ids. */
function uuidOf(name: string): string {
  const bytes = createHash('sha1').update(NAMESPACE).update(name).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  const hex = bytes.toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

const NAMESPACE = Buffer.from('6f3a1a1c0b5e4c0e9d0d7d5c2b8e41f7', 'hex');
