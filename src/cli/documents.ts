// The documents of a service: indexed when it starts, and again once an index or an encoder that was missing is there.
import type { Source } from '../../ingest/source.js';
import { sync } from '../../ingest/sync.js';
import { ChipwrightError } from '../errors.js';
import { isOutage, type Library } from '../library.js';
import { HANDBOOK, handbook, openSource } from '../main.js';
import type { Encoder } from '../retrieval/encoder/encoder.js';
import { progressView, showIngest } from './progress.js';
import { type Session, warnOfOutage } from './session.js';
import { type Shell, say, warn } from './shell.js';

/** After indexing failed in the background, ms: reading all documents is work. */
const RETRY_MS = 30_000;

export class Documents {
  readonly #shell: Shell;
  readonly #session: Session;
  readonly #library: Library;
  readonly #dirs: readonly string[];
  readonly #stopping: AbortSignal;
  /** What they were last indexed with; undefined until they were. */
  #encoder: Encoder | null | undefined;
  #running: Promise<void> | undefined;
  #nextTry = 0;

  constructor(
    shell: Shell,
    session: Session,
    parts: {
      readonly library: Library;
      /** In place of the configured sources; the handbook is indexed when there are neither. */
      readonly dirs: readonly string[];
      readonly stopping: AbortSignal;
    },
  ) {
    this.#shell = shell;
    this.#session = session;
    this.#library = parts.library;
    this.#dirs = parts.dirs;
    this.#stopping = parts.stopping;
  }

  get isDue(): boolean {
    if (this.#library.outage !== undefined || this.#encoder === undefined) return true;
    return this.#encoder === null && this.#library.encoder !== null;
  }

  /** Indexes them, shown on the terminal. Leaves them due when the index is down; rejects when they cannot be read. */
  async index(): Promise<void> {
    if (this.#library.outage !== undefined) return;
    await this.#index(true).catch((error: unknown) => {
      if (!isOutage(error) || this.#session.config.qdrant === null) throw error;
      warnOfOutage(this.#shell, error);
    });
  }

  /** Indexes them in the background when it is due. */
  keep(): void {
    const { log, now } = this.#session.tools;
    if (this.#running !== undefined || !this.isDue || now() < this.#nextTry) return;
    this.#nextTry = now() + RETRY_MS;
    this.#running = this.#index(false)
      .catch((error: unknown) => {
        if (!this.#stopping.aborted) log.error({ err: error }, 'the documents could not be indexed');
      })
      .finally(() => {
        this.#running = undefined;
      });
  }

  /** Resolves when nothing is indexed any more. */
  async settled(): Promise<void> {
    await this.#running;
  }

  async #index(shown: boolean): Promise<void> {
    const { config } = this.#session;
    const { index, encoder } = this.#library;
    const folders =
      this.#dirs.length > 0 ? this.#dirs.map((dir) => ({ dir, audience: 'public' })) : config.sources;
    const sources = folders.length === 0 ? [handbook()] : await Promise.all(folders.map(openSource));
    if (folders.length > 0) await index.remove([...(await index.contentHashes(HANDBOOK)).keys()]);
    for (const source of sources) await this.#sync(source, shown);
    this.#encoder = encoder;
  }

  async #sync(source: Source, shown: boolean): Promise<void> {
    const { index, encoder } = this.#library;
    const { log, now } = this.#session.tools;
    const shell = this.#shell;
    const view = shown ? progressView(shell, now) : undefined;
    const held = (await index.contentHashes(source.name)).size;
    const summary = await sync(source, {
      index,
      encoder,
      log,
      now,
      signal: this.#stopping,
      ...(view === undefined ? {} : { onProgress: showIngest(view) }),
    })
      .catch((error: unknown) => {
        // A mount that went away must not keep a service from answering with what it has.
        if (!(error instanceof ChipwrightError) || error.code !== 'document_unreadable' || held === 0)
          throw error;
        warn(shell, `${error.message} ${error.cure}`);
        return undefined;
      })
      .finally(() => view?.end());
    if (summary === undefined || !shown) return;
    for (const { path, reason } of summary.skipped) warn(shell, `skipped ${path}: ${reason}`);
    say(shell, `${source.name}: ${summary.documents} documents, ${summary.chunks} passages.`);
  }
}
