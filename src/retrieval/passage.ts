// A chunk as it is stored, and as it is found.
import type { AudienceTag } from '../safety/access.js';

/** Where in its document a chunk stands: lines (1-based, inclusive) or a page (1-based). */
export interface Place {
  readonly line?: number;
  readonly endLine?: number;
  readonly page?: number;
}

/** A piece of a document as indexed. `text` is Markdown for prose and a fenced block for code. */
export interface Chunk {
  /** Stable for the same source, document and content, so that re-indexing the same input gives the same ids. */
  readonly id: string;
  /** Position in its document, from 0. */
  readonly ordinal: number;
  /** Headings above it, outermost first; the document's title is not repeated here. */
  readonly path: readonly string[];
  readonly text: string;
  readonly place: Place;
  readonly href?: string;
}

/** What is known of a document besides its chunks. */
export interface DocumentRecord {
  /** `source` and path inside it, joined by `:`; unique in the index. */
  readonly id: string;
  /** Name of the source it came from. */
  readonly source: string;
  /** Path inside the source, with `/`. */
  readonly path: string;
  readonly title: string;
  /** SHA-256 of the bytes and of everything else that shapes the chunks (parser and chunker version, link, audience). */
  readonly contentHash: string;
  /** Never empty. */
  readonly audience: readonly AudienceTag[];
  /** For people: a commit, a date, or empty. */
  readonly version: string;
}

/** Markdown from right before and after a passage; either may be empty. */
export interface PassageContext {
  readonly before: string;
  readonly after: string;
}

/** Another place that says the same as a passage. */
export interface Copy {
  readonly document: DocumentRecord;
  readonly path: readonly string[];
  readonly place: Place;
  readonly href?: string;
  /** Whether its words are not exactly those of the passage: another version, perhaps with another value. */
  readonly differs: boolean;
}

/** A chunk as found for a question. */
export interface Passage extends Chunk {
  readonly document: DocumentRecord;
  /** Higher is better; comparable within one search only. */
  readonly score: number;
  /** What stands around it in the same section, to understand it by; not part of what was found. */
  readonly context?: PassageContext;
  /** Where else it stands, best ranked first; absent when nowhere else was found. */
  readonly alsoIn?: readonly Copy[];
}

/** `docs/gpl.md:42` or `manual.pdf, page 17`: where to look, for people. */
export function placeLabel(document: Pick<DocumentRecord, 'path'>, place: Place): string {
  if (place.page !== undefined) return `${document.path}, page ${place.page}`;
  if (place.line !== undefined) return `${document.path}:${place.line}`;
  return document.path;
}

/** By document and ordinal, each chunk once. */
export function inReadingOrder(passages: readonly Passage[]): Passage[] {
  const once = [...new Map(passages.map((passage) => [passage.id, passage])).values()];
  const place = ({ document }: Passage) => document.id;
  return once.sort((a, b) => (place(a) === place(b) ? a.ordinal - b.ordinal : place(a) < place(b) ? -1 : 1));
}

/** The words the encoder and the lexical side see above the text: title and headings, repeated ones once. */
export function headingLine(title: string, path: readonly string[]): string {
  return [title, ...path].filter((part, at, all) => part !== '' && all.indexOf(part) === at).join(' > ');
}
