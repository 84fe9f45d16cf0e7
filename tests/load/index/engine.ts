// An engine to be measured: opened by whoever measures it, filled, tidied, and weighed.
import { randomUUID } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { QdrantClient } from '@qdrant/js-client-rest';
import { pino } from 'pino';
import { z } from 'zod';
import type { Index, IndexDescription } from '../../../src/retrieval/index-port.js';
import { clientParts, QdrantConnection } from '../../../src/retrieval/qdrant-connection.js';
import { openQdrantIndex } from '../../../src/retrieval/qdrant-index.js';
import { openSqliteIndex } from '../../../src/retrieval/sqlite-index.js';
import { startMortalQdrant } from '../../support/qdrant-stand-in.js';

/** Where an index is: what another process needs to open it. */
export const indexPlace = z.union([
  z.object({ file: z.string() }),
  z.object({ url: z.string(), apiKey: z.string().optional(), collection: z.string() }),
]);
export type IndexPlace = z.infer<typeof indexPlace>;

type Identity = NonNullable<IndexDescription['encoder']>;

export async function openIndex(place: IndexPlace, encoder: Identity): Promise<Index> {
  if ('file' in place) return openSqliteIndex(place.file, { encoder });
  const { url, apiKey, collection } = place;
  const log = pino({ level: 'silent' });
  const address = { url, ...(apiKey === undefined ? {} : { apiKey }) };
  const connection = new QdrantConnection(address, { now: () => performance.now(), log });
  return openQdrantIndex({ connection, collection, encoder, log });
}

export interface Engine {
  /** `SQLite`, or the server by name and version. */
  readonly name: string;
  readonly place: IndexPlace;
  /** Resolves when the engine has built everything it builds in the background. */
  tidy(): Promise<void>;
  /** Bytes by part of the index; undefined where nobody here can tell. */
  disk(): Promise<ReadonlyMap<string, number> | undefined>;
  /** Bytes of memory that the process of the server holds; undefined without one, or where nobody here can tell. */
  serverMemory(): number | undefined;
  remove(): Promise<void>;
}

export async function sqliteEngine(): Promise<Engine> {
  const folder = await mkdtemp(join(tmpdir(), 'chipwright-index-bench-'));
  return {
    name: 'SQLite',
    place: { file: join(folder, 'index.sqlite') },
    tidy: async () => {},
    disk: () => sizesIn(folder),
    serverMemory: () => undefined,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

export interface QdrantEngine extends Engine {
  /** What the server says it is, and whether it is one. */
  readonly about: string;
  readonly client: QdrantClient;
  readonly collection: string;
  /** Vectors of one byte a dimension in memory, the exact ones beside them for the last word. */
  quantise(): Promise<void>;
}

/** What is known of a server besides its address: `pid` and `folder` only where it runs on this machine. */
export interface KnownServer {
  readonly url: string;
  readonly apiKey?: string;
  readonly pid?: number;
  readonly folder?: string;
}

/** The server, or the stand-in of the tests. Undefined when there is neither. */
export async function qdrantEngine(server: KnownServer | undefined): Promise<QdrantEngine | undefined> {
  const collection = `chipwright-bench-${randomUUID()}`;
  const local = server === undefined ? await startMortalQdrant() : undefined;
  const address = server ?? local;
  if (address === undefined) return undefined;
  const client = new QdrantClient({ ...clientParts(address), timeout: 600_000, checkCompatibility: false });
  const { title, version } = await client.versionInfo();
  const folder = server?.folder ?? local?.folder;
  const tidy = async () => {
    await local?.kill();
    await local?.startAgain('tidied');
    await untilGreen(client, collection);
  };
  return {
    name: local === undefined ? `Qdrant ${version}` : 'Qdrant stand-in',
    about: `${title} ${version}${local === undefined ? '' : ': a stand-in with an engine of Qdrant, whose figures are not those of a server'}`,
    place: {
      url: address.url,
      ...(address.apiKey === undefined ? {} : { apiKey: address.apiKey }),
      collection,
    },
    client,
    collection,
    tidy,
    async quantise() {
      await client.updateCollection(collection, {
        quantization_config: { scalar: { type: 'int8', quantile: 0.99, always_ram: true } },
      });
      await tidy();
    },
    disk: async () => (folder === undefined ? undefined : sizesIn(folder)),
    serverMemory: () => memoryOf(server?.pid ?? local?.pid()),
    async remove() {
      await client.deleteCollection(collection);
      await local?.stop();
    },
  };
}

/** The optimiser of a server starts a moment after the last write: green twice, a second apart. */
async function untilGreen(client: QdrantClient, collection: string): Promise<void> {
  for (let green = 0; green < 2; ) {
    const { status } = await client.getCollection(collection);
    green = status === 'green' ? green + 1 : 0;
    await sleep(1_000);
  }
}

async function sizesIn(folder: string): Promise<ReadonlyMap<string, number>> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const sizes = new Map<string, number>();
  for (const file of files.filter((one) => one.isFile())) {
    const path = join(file.parentPath, file.name);
    // What a segment of Qdrant is made of; it names its parts by folder.
    const part =
      /\/segments\/[^/]+\/([^/.]+)/.exec(path)?.[1] ?? /\/(wal)\//.exec(path)?.[1] ?? 'other files';
    // As `du` counts: what a file occupies, not how far it could grow.
    sizes.set(part, (sizes.get(part) ?? 0) + (await stat(path)).blocks * 512);
  }
  return sizes;
}

/** Linux only. */
function memoryOf(pid: number | undefined): number | undefined {
  const file = `/proc/${pid}/status`;
  if (pid === undefined || !existsSync(file)) return undefined;
  const kilobytes = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(file, 'utf8'))?.[1];
  return kilobytes === undefined ? undefined : Number(kilobytes) * 1024;
}
