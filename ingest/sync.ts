// Brings the index up to date with a source: reads what changed, removes what is gone, leaves the rest alone.
import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import type { Logger } from 'pino';
import { ChipwrightError } from '../src/errors.js';
import type { Encoder } from '../src/retrieval/encoder/encoder.js';
import type { Index } from '../src/retrieval/index-port.js';
import { type ChunkedDocument, toIndexed } from '../src/retrieval/indexing.js';
import { CHUNKER_VERSION, chunk } from './chunker.js';
import { PARSER_VERSION, parseDocument } from './parsers/parse.js';
import type { Source, SourceFile } from './source.js';

/** Bytes. What is larger is no document, or would stop everything else while it is read. */
export const MAX_FILE_BYTES = 50 * 1024 * 1024;

/** Chunks that are encoded and stored together: the most an interrupted run loses, and what memory holds at a time. */
const BATCH_CHUNKS = 256;

export interface IngestSummary {
  /** What the source now has in the index. */
  readonly documents: number;
  readonly chunks: number;
  /** Documents. */
  readonly added: number;
  readonly changed: number;
  readonly removed: number;
  readonly unchanged: number;
  readonly skipped: readonly { readonly path: string; readonly reason: string }[];
  readonly seconds: number;
}

export interface IngestProgress {
  readonly phase: 'listing' | 'reading' | 'encoding' | 'removing' | 'done';
  readonly filesDone: number;
  /** 0 until the source is listed. */
  readonly filesTotal: number;
  /** Made in this run. */
  readonly chunks: number;
  /** The file at hand; empty where there is none. */
  readonly path: string;
}

export interface SyncTools {
  readonly index: Index;
  /** Null for an index of words only. */
  readonly encoder: Encoder | null;
  readonly log: Logger;
  /** Milliseconds. */
  readonly now: () => number;
  /** Stops the run between two files; what was stored stays. `sync` then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  readonly onProgress?: (progress: IngestProgress) => void;
  /** Takes a source without any file for emptied on purpose, not for a folder that went away. */
  readonly allowEmpty?: boolean;
}

/**
 * Indexes what is new or changed in `source` and removes what it no longer lists. A file that cannot be read is skipped
 * with its reason, and what the index holds of it stays. Rejects, with nothing removed, when the source cannot be listed,
 * lists nothing although the index holds documents of it, or the index or encoder fails; the batches stored until then stay, and the next run goes on from there.
 */
export async function sync(source: Source, tools: SyncTools): Promise<IngestSummary> {
  const started = tools.now();
  const run = new Run(source, tools, new Map(await tools.index.contentHashes(source.name)));
  const files: SourceFile[] = [];
  run.report('listing', '');
  for await (const file of source.list(tools.signal)) files.push(file);
  if (files.length === 0 && tools.allowEmpty !== true) run.refuseToEmpty();
  await run.readAll(files);
  await run.removeGone(files);
  run.report('done', '');
  const summary = { ...run.summary(), seconds: (tools.now() - started) / 1000 };
  tools.log.info({ source: source.name, ...summary, skipped: summary.skipped.length }, 'source indexed');
  return summary;
}

/** One run of `sync`. `held` is what the index has of the source, kept up to date as batches are stored. */
class Run {
  readonly #source: Source;
  readonly #tools: SyncTools;
  readonly #held: Map<string, string>;
  readonly #skipped: { path: string; reason: string }[] = [];
  readonly #count = { added: 0, changed: 0, removed: 0, unchanged: 0 };
  #batch: ChunkedDocument[] = [];
  #batchChunks = 0;
  #chunks = 0;
  #filesDone = 0;
  #filesTotal = 0;

  constructor(source: Source, tools: SyncTools, held: Map<string, string>) {
    this.#source = source;
    this.#tools = tools;
    this.#held = held;
  }

  /** A network mount that went away looks like an empty folder. */
  refuseToEmpty(): void {
    if (this.#held.size === 0) return;
    throw unreadable(
      `The source ${this.#source.name} lists no documents, but the index holds ${this.#held.size} of it; nothing was removed.`,
      'If it is meant to be empty, run `chipwright ingest --allow-empty DIR`; otherwise check that the folder is mounted.',
    );
  }

  async readAll(files: readonly SourceFile[]): Promise<void> {
    this.#filesTotal = files.length;
    for (const file of files) {
      this.#tools.signal.throwIfAborted();
      this.report('reading', file.path);
      await this.#read(file);
      this.#filesDone += 1;
      if (this.#batchChunks >= BATCH_CHUNKS) await this.#store(file.path);
      await breathe();
    }
    await this.#store('');
  }

  async #read(file: SourceFile): Promise<void> {
    try {
      const document = await this.#chunked(file);
      if (document === undefined) {
        this.#count.unchanged += 1;
        return;
      }
      this.#batch.push(document);
      this.#batchChunks += document.chunks.length;
      this.#chunks += document.chunks.length;
    } catch (thrown) {
      const reason = reasonOf(thrown);
      this.#skipped.push({ path: file.path, reason });
      this.#tools.log.warn({ source: this.#source.name, path: file.path, reason }, 'file skipped');
    }
  }

  /** Undefined when the index holds this version already. */
  async #chunked(file: SourceFile): Promise<ChunkedDocument | undefined> {
    if (file.size > MAX_FILE_BYTES) throw tooLarge();
    const bytes = await file.read();
    if (bytes.length > MAX_FILE_BYTES) throw tooLarge();
    if (bytes.length === 0) throw unreadable('The file is empty.', 'Fill it or delete it.');
    const id = this.#idOf(file.path);
    const fingerprint = this.#fingerprint(bytes);
    if (this.#held.get(id)?.startsWith(`${fingerprint}:`)) return undefined;
    const parsed = await parseDocument(bytes, file.path);
    const chunks = chunk(parsed, id, file.link);
    for (const warning of parsed.warnings)
      this.#tools.log.warn(
        { source: this.#source.name, path: file.path, warning },
        'file read with a warning',
      );
    const document = {
      id,
      source: this.#source.name,
      path: file.path,
      title: parsed.title,
      contentHash: `${fingerprint}:${chunks.length}`,
      audience: this.#source.audience,
      version: this.#source.version,
    };
    return { document, chunks };
  }

  /** All that shapes a document's chunks. Not the commit: a link to the commit that was read stays right. */
  #fingerprint(bytes: Buffer): string {
    const { linkTemplate, audience } = this.#source;
    const shape = JSON.stringify([PARSER_VERSION, CHUNKER_VERSION, linkTemplate, audience]);
    return createHash('sha256').update(shape).update('\0').update(bytes).digest('hex');
  }

  #idOf(path: string): string {
    return `${this.#source.name}:${path}`;
  }

  async #store(path: string): Promise<void> {
    if (this.#batch.length === 0) return;
    this.#tools.signal.throwIfAborted();
    this.report('encoding', path);
    const { index, encoder, signal } = this.#tools;
    const changed = this.#batch.map(({ document }) => document.id).filter((id) => this.#held.has(id));
    // What still reads as before, most of a document whose parser or wording changed, keeps its vector.
    const before = encoder === null || changed.length === 0 ? [] : await index.wholeDocuments(changed);
    await index.put(await unlessAborted(toIndexed(this.#batch, encoder, before), signal));
    for (const { document } of this.#batch) {
      this.#count[this.#held.has(document.id) ? 'changed' : 'added'] += 1;
      this.#held.set(document.id, document.contentHash);
    }
    this.#batch = [];
    this.#batchChunks = 0;
  }

  /** Gone is what is not listed any more and does not stand below a folder that could not be opened. */
  async removeGone(files: readonly SourceFile[]): Promise<void> {
    this.#tools.signal.throwIfAborted();
    const listed = new Set(files.map((file) => this.#idOf(file.path)));
    const closed = this.#skipped.map(({ path }) => `${this.#idOf(path)}/`);
    const gone = [...this.#held.keys()].filter(
      (id) => !listed.has(id) && !closed.some((folder) => id.startsWith(folder)),
    );
    if (gone.length === 0) return;
    this.report('removing', '');
    await this.#tools.index.remove(gone);
    for (const id of gone) this.#held.delete(id);
    this.#count.removed = gone.length;
  }

  report(phase: IngestProgress['phase'], path: string): void {
    const { onProgress } = this.#tools;
    onProgress?.({
      phase,
      filesDone: this.#filesDone,
      filesTotal: this.#filesTotal,
      chunks: this.#chunks,
      path,
    });
  }

  /** The number of chunks stands behind each content hash, so that unchanged documents need not be read to count them. */
  summary(): Omit<IngestSummary, 'seconds'> {
    const chunks = [...this.#held.values()].map((hash) => Number(hash.split(':')[1] ?? 0));
    return {
      documents: this.#held.size,
      chunks: chunks.reduce((sum, count) => sum + count, 0),
      ...this.#count,
      skipped: this.#skipped,
    };
  }
}

/** Encoding a batch takes long; someone who stops the run does not wait for it. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_resolve, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}

function reasonOf(thrown: unknown): string {
  if (thrown instanceof ChipwrightError) return thrown.message;
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : '';
  if (code === 'EACCES' || code === 'EPERM') return 'The file may not be read by this account.';
  if (code === 'ENOENT') return 'The file was deleted while the source was read.';
  if (code.startsWith('E')) return `The file cannot be read (${code}).`;
  return 'The file has a form its parser does not understand.';
}

function tooLarge(): ChipwrightError {
  return unreadable('The file is larger than 50 MB.', 'Split it, or leave it out of the source.');
}

function unreadable(message: string, cure: string): ChipwrightError {
  return new ChipwrightError('document_unreadable', message, { cure });
}
