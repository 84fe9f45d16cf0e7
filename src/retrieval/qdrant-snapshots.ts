// Snapshots of a Qdrant collection: fetched into a file, and made into a collection again.
import { createReadStream, createWriteStream } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { ChipwrightError } from '../errors.js';
import { clientParts, type QdrantAddress, type QdrantConnection } from './qdrant-connection.js';
import { fromQdrant } from './qdrant-errors.js';

type OnProgress = (done: number, total: number) => void;

/** The client can order a snapshot, but neither fetch nor send one: that is done here, by the same addresses and with the same key. */
export class QdrantSnapshots {
  readonly #connection: QdrantConnection;
  readonly #fetch: typeof globalThis.fetch;
  readonly #root: string;
  readonly #headers: Record<string, string>;

  constructor(
    connection: QdrantConnection,
    parts: QdrantAddress & { readonly fetch: typeof globalThis.fetch },
  ) {
    const { host, https, port, prefix, headers } = clientParts(parts);
    this.#connection = connection;
    this.#fetch = parts.fetch;
    this.#root = `${https ? 'https' : 'http'}://${host}:${port}${prefix}/collections`;
    this.#headers = headers;
  }

  /** Writes a snapshot of the collection as it is now to `file`, whole or not at all. `onProgress` counts mebibytes. */
  async download(collection: string, file: string, onProgress: OnProgress): Promise<void> {
    const made = await this.#connection.long('making a snapshot', (client) =>
      client.createSnapshot(collection, { wait: true }),
    );
    if (made === null) throw refused('making a snapshot', undefined);
    const draft = `${file}.new`;
    try {
      const response = await this.#call('fetching a snapshot', `${collection}/snapshots/${made.name}`, {});
      if (response.body === null) throw refused('fetching a snapshot', response.status);
      await pipeline(
        Readable.fromWeb(response.body as Parameters<typeof Readable.fromWeb>[0]),
        counting(made.size, onProgress),
        createWriteStream(draft),
      );
      await rename(draft, file);
    } catch (thrown) {
      await rm(draft, { force: true });
      throw isOfTheDisk(thrown) ? notWritten(file, thrown) : fromQdrant(thrown, 'fetching a snapshot');
    } finally {
      // The server's disk is not the place for it; a copy that stays there does no harm either.
      await this.#connection
        .write('removing a snapshot', (client) => client.deleteSnapshot(collection, made.name))
        .catch(() => undefined);
    }
  }

  /** Makes the collection of the snapshot in `file`. `onProgress` counts mebibytes. */
  async upload(collection: string, file: string, onProgress: OnProgress): Promise<void> {
    const boundary = 'chipwright-snapshot-boundary';
    const head = `--${boundary}\r\nContent-Disposition: form-data; name="snapshot"; filename="index.snapshot"\r\nContent-Type: application/octet-stream\r\n\r\n`;
    const tail = `\r\n--${boundary}--\r\n`;
    const { size } = await stat(file);
    const progress = counting(size, onProgress);
    async function* form() {
      yield Buffer.from(head);
      yield* createReadStream(file).pipe(progress);
      yield Buffer.from(tail);
    }
    await this.#call('restoring a snapshot', `${collection}/snapshots/upload?priority=snapshot&wait=true`, {
      method: 'POST',
      headers: {
        'content-type': `multipart/form-data; boundary=${boundary}`,
        'content-length': String(head.length + size + tail.length),
      },
      body: Readable.toWeb(Readable.from(form())) as ReadableStream,
      duplex: 'half',
    });
  }

  async #call(doing: string, path: string, init: RequestInit & { duplex?: 'half' }): Promise<Response> {
    try {
      const headers = { ...this.#headers, ...(init.headers as Record<string, string> | undefined) };
      const response = await this.#fetch(`${this.#root}/${path}`, { ...init, headers });
      if (!response.ok) throw refused(doing, response.status);
      return response;
    } catch (thrown) {
      throw fromQdrant(thrown, doing);
    }
  }
}

/** Passes bytes on and counts them, in mebibytes. */
function counting(bytes: number, onProgress: OnProgress): Transform {
  const mebibytes = (count: number) => Math.round(count / 1024 / 1024);
  let done = 0;
  return new Transform({
    transform(piece: Buffer, _encoding, next) {
      done += piece.length;
      onProgress(mebibytes(done), mebibytes(Math.max(done, bytes)));
      next(null, piece);
    },
  });
}

function isOfTheDisk(thrown: unknown): boolean {
  return (
    thrown instanceof Error &&
    'code' in thrown &&
    /^E(NOSPC|ACCES|PERM|ROFS|NOENT|DQUOT)$/.test(String(thrown.code))
  );
}

function notWritten(file: string, cause: unknown): ChipwrightError {
  return new ChipwrightError('index_unavailable', `The snapshot could not be written to ${file}.`, {
    cure: 'Check that the folder is writable and that the disk is not full.',
    cause,
  });
}

function refused(doing: string, status: number | undefined): ChipwrightError {
  return new ChipwrightError(
    'index_unavailable',
    `The Qdrant server refused${status === undefined ? '' : ` (${status})`} while ${doing}.`,
    {
      cure: 'Check that the API key may manage collections, and look in the log of the Qdrant server for the reason.',
    },
  );
}
