// The port: where documents come from.
import type { Place } from '../src/retrieval/passage.js';

/** One file of a source, not read yet. */
export interface SourceFile {
  /** Path inside the source, with `/`, on every system. */
  readonly path: string;
  /** Bytes. */
  readonly size: number;
  read(): Promise<Buffer>;
  /** The link to a place in this document, from the source's link template; undefined when it has none. */
  link(place: Place): string | undefined;
}

export interface Source {
  /** Unique name, part of every document id. */
  readonly name: string;
  /** Who may read its documents. Never empty. */
  readonly audience: readonly string[];
  /** A commit or empty. */
  readonly version: string;
  /** Everything that shapes the links, so that a changed template re-links every document. */
  readonly linkTemplate: string;
  /** Every file, ordered by path. Rejects with `document_unreadable` when the source itself cannot be listed. */
  list(signal: AbortSignal): AsyncIterable<SourceFile>;
}
