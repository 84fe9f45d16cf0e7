// Generations on a Qdrant server: a collection each, and an alias that says which one answers.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { ChipwrightError } from '../errors.js';
import {
  AS_BUILT,
  type AsBuilt,
  type Generation,
  type Generations,
  isLiveOne,
  nextNumber,
  noBackup,
  noGeneration,
} from './generations.js';
import type { Index, IndexDescription } from './index-port.js';
import { inspectCollection } from './qdrant-collection.js';
import { type QdrantAddress, QdrantConnection, type QdrantTools } from './qdrant-connection.js';
import { openQdrantIndex, type QdrantIndexParts } from './qdrant-index.js';
import { QdrantSnapshots } from './qdrant-snapshots.js';

/** Name of a backup in its folder. */
const BACKUP = 'index.snapshot';

export interface QdrantGenerationsParts
  extends QdrantAddress,
    QdrantTools,
    Pick<QdrantIndexParts, 'hnswEf' | 'onForbidden'> {
  /** Name of the first collection; the others are numbered after it. Default: `chipwright`. */
  readonly collection?: string;
  readonly fetch: typeof globalThis.fetch;
}

/**
 * Named as the files of the embedded index: `chipwright`, `chipwright-2`, `chipwright-3`. The alias `chipwright-live` is made by the first
 * publishing; without it the first collection answers, so that one from before there were generations needs nothing. An index is opened
 * by the name of its collection, never by the alias, so that nobody slides from one generation into another in the middle of a question.
 */
export class QdrantGenerations implements Generations {
  readonly #connection: QdrantConnection;
  readonly #snapshots: QdrantSnapshots;
  readonly #first: string;
  readonly #ofEach: Pick<QdrantIndexParts, 'hnswEf' | 'onForbidden' | 'log'>;

  constructor(parts: QdrantGenerationsParts) {
    this.#connection = new QdrantConnection(parts, parts);
    this.#snapshots = new QdrantSnapshots(this.#connection, parts);
    this.#first = parts.collection ?? 'chipwright';
    this.#ofEach = { hnswEf: parts.hnswEf, onForbidden: parts.onForbidden, log: parts.log };
  }

  async list(): Promise<readonly Generation[]> {
    const live = await this.live().catch(() => undefined);
    const stored = await this.#numbers();
    const numbers = [...new Set([...(live === undefined ? [] : [live]), ...stored])].sort((a, b) => b - a);
    const found = await Promise.all(
      numbers.map(async (number) => ({
        number,
        content: await inspectCollection(this.#connection, this.#collection(number)),
      })),
    );
    return found.flatMap(({ number, content }) => {
      const isLive = number === live;
      // A collection of somebody else that has such a name is no generation.
      if (content === undefined && !isLive) return [];
      const isEmpty = content === undefined || content.empty;
      return [{ number, encoder: isEmpty ? undefined : (content.encoder?.id ?? null), live: isLive }];
    });
  }

  async live(): Promise<number> {
    const collection = await this.#aliased();
    if (collection === undefined) return this.#liveWithoutAlias();
    const number = this.#numberOf(collection);
    if (number !== undefined) return number;
    throw new ChipwrightError(
      'index_unavailable',
      `The alias ${this.#alias} on the Qdrant server names ${collection}, which is no index of Chipwright.`,
      { cure: '`chipwright index list` shows what there is; `chipwright index publish N` makes one answer.' },
    );
  }

  async open(number: number, encoder: IndexDescription['encoder'] | AsBuilt): Promise<Index> {
    const collection = this.#collection(number);
    const parts = { connection: this.#connection, collection, ...this.#ofEach };
    if (encoder !== AS_BUILT) return openQdrantIndex({ ...parts, encoder });
    const content = await inspectCollection(this.#connection, collection);
    if (content === undefined) throw noGeneration(number);
    return openQdrantIndex({ ...parts, encoder: content.encoder });
  }

  async publish(number: number): Promise<void> {
    const collection = this.#collection(number);
    if ((await inspectCollection(this.#connection, collection)) === undefined) throw noGeneration(number);
    await this.#connection.write('publishing an index', async (client) => {
      const isThere = (await this.#aliased()) !== undefined;
      // One request is one step: nobody finds the alias missing between the two.
      await client.updateCollectionAliases({
        actions: [
          ...(isThere ? [{ delete_alias: { alias_name: this.#alias } }] : []),
          { create_alias: { alias_name: this.#alias, collection_name: collection } },
        ],
      });
    });
  }

  async remove(number: number): Promise<void> {
    if (number === (await this.live())) throw isLiveOne(number);
    await this.#connection.write('removing an index', (client) =>
      client.deleteCollection(this.#collection(number)),
    );
  }

  /** A snapshot, as Qdrant itself writes it. */
  async backup(
    number: number,
    folder: string,
    onProgress: (done: number, total: number) => void = () => {},
  ): Promise<string> {
    const collection = this.#collection(number);
    if ((await inspectCollection(this.#connection, collection)) === undefined) throw noGeneration(number);
    const file = join(folder, BACKUP);
    await this.#snapshots.download(collection, file, onProgress);
    return file;
  }

  async restore(
    folder: string,
    onProgress: (done: number, total: number) => void = () => {},
  ): Promise<number> {
    const file = join(folder, BACKUP);
    if (!existsSync(file)) throw noBackup(file);
    const number = await nextNumber(this);
    const collection = this.#collection(number);
    await this.#snapshots.upload(collection, file, onProgress);
    if ((await inspectCollection(this.#connection, collection)) !== undefined) return number;
    await this.#connection.write('removing what is no index', (client) =>
      client.deleteCollection(collection),
    );
    throw noBackup(file);
  }

  /** Before the first publishing, that is the first one. A server that has others but not that one has lost the alias. */
  async #liveWithoutAlias(): Promise<number> {
    const numbers = await this.#numbers();
    if (numbers.length === 0 || numbers.includes(1)) return 1;
    throw new ChipwrightError(
      'index_unavailable',
      `The Qdrant server has indexes, but no alias ${this.#alias} that says which one answers.`,
      { cure: `Make one answer: \`chipwright index publish ${Math.max(...numbers)}\`.` },
    );
  }

  /** The collection that the alias names. */
  async #aliased(): Promise<string | undefined> {
    const { aliases } = await this.#connection.read('looking for the published index', (client) =>
      client.getAliases(),
    );
    return aliases.find(({ alias_name }) => alias_name === this.#alias)?.collection_name;
  }

  async #numbers(): Promise<number[]> {
    const { collections } = await this.#connection.read('listing the indexes', (client) =>
      client.getCollections(),
    );
    return collections.flatMap(({ name }) => this.#numberOf(name) ?? []);
  }

  get #alias(): string {
    return `${this.#first}-live`;
  }

  #collection(number: number): string {
    return number === 1 ? this.#first : `${this.#first}-${number}`;
  }

  #numberOf(collection: string): number | undefined {
    if (collection === this.#first) return 1;
    if (!collection.startsWith(`${this.#first}-`)) return undefined;
    const rest = collection.slice(this.#first.length + 1);
    return /^([2-9]|[1-9]\d{1,8})$/.test(rest) ? Number(rest) : undefined;
  }
}
