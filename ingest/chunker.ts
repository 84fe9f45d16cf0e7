// From a parsed document to chunks: whole blocks, by heading, each about as long as an encoder reads best.
import { createHash } from 'node:crypto';
import type { Chunk, Place } from '../src/retrieval/passage.js';
import { type Block, render, span } from './chunker/block.js';
import { pack } from './chunker/pack.js';
import { outline, type Section } from './chunker/sections.js';
import { CHUNK_SIZES, type ChunkSizes } from './chunker/size.js';
import type { ParsedDocument } from './parsed-document.js';

/** Part of every content hash: raise it when the same tree gives other chunks, and everything is indexed anew. */
export const CHUNKER_VERSION = 2;

interface Draft {
  readonly path: readonly string[];
  readonly blocks: readonly Block[];
}

/** The chunks of a document, in its order. `link` is asked for the link to each chunk's place. */
export function chunk(
  document: ParsedDocument,
  documentId: string,
  link: (place: Place) => string | undefined,
  sizes: ChunkSizes = CHUNK_SIZES,
): Chunk[] {
  const seen = new Map<string, number>();
  return draftsOf(outline(document.tree, document.title, sizes.max), sizes).map(
    ({ path, blocks }, ordinal) => {
      const text = render(blocks);
      const content = `${path.join('\n')}\n\n${text}`;
      const repetition = seen.get(content) ?? 0;
      seen.set(content, repetition + 1);
      const place = span(blocks.map((part) => part.place));
      const href = link(place);
      return {
        id: chunkId(documentId, content, repetition),
        ordinal,
        path,
        text,
        place,
        ...(href === undefined ? {} : { href }),
      };
    },
  );
}

/** UUID version 5 in form: the same document, headings, text and repetition always give the same id. */
function chunkId(documentId: string, content: string, repetition: number): string {
  const bytes = createHash('sha1')
    .update(`${documentId}\0${content}\0${repetition}`)
    .digest()
    .subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x50;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}

/** The chunks of a section: it is one of them where it is small enough as a whole, with everything below it. */
function draftsOf(section: Section, sizes: ChunkSizes): Draft[] {
  if (section.tokens <= sizes.whole && !holdsDefinition(section)) return shared([section], section.path);
  const intro: Section = { ...section, heading: null, children: [], tokens: sizeOf(section.blocks) };
  const drafts: Draft[][] = [];
  let run: Section[] = [];
  const close = () => {
    const speaking = run.filter((part) => flat(part).some(({ blocks }) => blocks.length > 0));
    drafts.push(shared(run, (speaking.length === 1 ? speaking[0]?.path : undefined) ?? section.path));
    run = [];
  };
  for (const part of [intro, ...section.children]) {
    const tiny = part.tokens <= sizes.tiny && !holdsDefinition(part);
    if (!tiny || run.reduce((sum, { tokens }) => sum + tokens, part.tokens) > sizes.target) close();
    if (tiny) run.push(part);
    else if (part === intro)
      drafts.push(pack(intro.blocks, sizes).map((blocks) => ({ path: section.path, blocks })));
    else drafts.push(draftsOf(part, sizes));
  }
  close();
  return drafts.flat();
}

/** Sections in one chunk under `path`, their headings in the text; one that is alone with its words keeps its own path. */
function shared(sections: readonly Section[], path: readonly string[]): Draft[] {
  const parts = sections.flatMap(flat);
  const speaking = parts.filter((part) => part.blocks.length > 0);
  const [only] = speaking;
  if (only === undefined) return [];
  if (speaking.length === 1) return [{ path: only.path, blocks: only.blocks }];
  const blocks = parts.flatMap(({ path: own, heading, blocks }) =>
    heading !== null && own.length > path.length ? [heading, ...blocks] : blocks,
  );
  return [{ path, blocks }];
}

function flat(section: Section): Section[] {
  return [section, ...section.children.flatMap(flat)];
}

function holdsDefinition(section: Section): boolean {
  return flat(section).some(({ blocks }) => blocks.some((part) => part.alone));
}

function sizeOf(blocks: readonly Block[]): number {
  return blocks.reduce((sum, part) => sum + part.tokens, 0);
}
