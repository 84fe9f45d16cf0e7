// The one tree every parser produces, so that there is one chunker.
import type { Root } from 'mdast';

/**
 * A document as an mdast tree. Nodes say where they stand: `position.start.line` and `position.end.line` are lines of the
 * *source file* (1-based), or `data.page` is the page (1-based). Headings carry the outline. Links keep their text only
 * as far as the chunker is concerned; images, raw HTML and comments are gone.
 */
export interface ParsedDocument {
  /** From the document itself (its first top heading, title element, ...), else from its file name. Never empty. */
  readonly title: string;
  readonly tree: Root;
  /** Things worth telling: "3 pages hold no text", "decoded as windows-1252". */
  readonly warnings: readonly string[];
}

/** Throws `document_unreadable` with the reason (encrypted, truncated, binary, wrong encoding) as the message. */
export type Parser = (bytes: Buffer, path: string) => Promise<ParsedDocument>;

declare module 'mdast' {
  interface Data {
    /** 1-based page of a paged document. */
    page?: number;
    /** A code node that is one definition of a program: it shares its chunk with nothing. */
    unit?: boolean;
  }
}

declare module 'unist' {
  interface Data {
    page?: number;
    unit?: boolean;
  }
}
