// Cuts documents by a setting, with the project's own parsers and chunker.

import { estimateTokens } from '../../../ingest/chunker/size.js';
import { sentences } from '../../../ingest/chunker/split-text.js';
import { chunk } from '../../../ingest/chunker.js';
import type { ParsedDocument } from '../../../ingest/parsed-document.js';
import { parseMarkdown } from '../../../ingest/parsers/markdown.js';
import { parseDocument } from '../../../ingest/parsers/parse.js';
import { folderSource } from '../../../ingest/sources/folder.js';
import type { ChunkedDocument } from '../../../src/retrieval/indexing.js';
import { type Chunk, headingLine } from '../../../src/retrieval/passage.js';
import { PUBLIC } from '../../../src/safety/access.js';
import type { Setting } from './settings.js';

export interface ReadDocument {
  readonly id: string;
  readonly path: string;
  readonly parsed: ParsedDocument;
}

/** What a language model is given of a chunk: title, headings and text. */
export interface HandedOn {
  readonly id: string;
  readonly text: string;
}

export interface Cut {
  readonly searched: readonly ChunkedDocument[];
  /** What is handed on for a chunk that was found; the same for several where they are pieces of one. */
  readonly handedOn: ReadonlyMap<string, HandedOn>;
}

/** All documents below the folders. Rejects when one cannot be read: figures over fewer documents are not comparable. */
export async function readDocuments(folders: readonly string[]): Promise<ReadDocument[]> {
  const read: ReadDocument[] = [];
  for (const folder of folders) {
    for await (const file of folderSource(folder).list(new AbortController().signal)) {
      const parsed = await parseDocument(await file.read(), file.path);
      read.push({ id: `${folder}:${file.path}`, path: file.path, parsed });
    }
  }
  return read;
}

export async function cut(documents: readonly ReadDocument[], setting: Setting): Promise<Cut> {
  const searched: ChunkedDocument[] = [];
  const handedOn = new Map<string, HandedOn>();
  for (const { id, path, parsed } of documents) {
    const { title } = parsed;
    const whole = overlapped(
      chunk(parsed, id, () => undefined, setting.sizes),
      setting,
    );
    const pieces: Chunk[] = [];
    for (const parent of whole) {
      const passage = { id: parent.id, text: `${headingLine(title, parent.path)}\n${parent.text}` };
      for (const piece of setting.searched === undefined
        ? [parent]
        : await piecesOf(parent, setting.searched)) {
        pieces.push({ ...piece, ordinal: pieces.length });
        handedOn.set(piece.id, passage);
      }
    }
    const document = { id, source: 'bench', path, title, contentHash: '', audience: [PUBLIC], version: '' };
    searched.push({ document, chunks: pieces });
  }
  return { searched, handedOn };
}

/** A chunk's text is Markdown, so that cutting it again is parsing it again. */
async function piecesOf(parent: Chunk, sizes: Setting['sizes']): Promise<Chunk[]> {
  const parsed = await parseMarkdown(Buffer.from(parent.text), 'chunk.md');
  const pieces = chunk({ ...parsed, title: '' }, parent.id, () => undefined, sizes);
  return pieces.map((piece) => ({ ...piece, path: [...parent.path, ...piece.path] }));
}

function overlapped(chunks: readonly Chunk[], { overlap, sizes }: Setting): Chunk[] {
  return chunks.map((own, at) => {
    const before = chunks[at - 1];
    if (overlap === undefined || before === undefined || before.path.join('\n') !== own.path.join('\n'))
      return own;
    const limit = overlap === 'sentence' ? 0 : overlap * sizes.target;
    return { ...own, text: `${tail(before.text, limit)}\n\n${own.text}` };
  });
}

/** The last sentence, and those before it while they fit into `limit` tokens. */
function tail(text: string, limit: number): string {
  const all = sentences(text);
  let from = all.length - 1;
  let tokens = estimateTokens(all[from] ?? '');
  for (; from > 0; from--) {
    tokens += estimateTokens(all[from - 1] ?? '');
    if (tokens > limit) break;
  }
  return all.slice(from).join('').trim();
}
