// From a parsed document to chunks: whole blocks, by heading, each about as long as an encoder reads best.
import { createHash } from 'node:crypto';
import type { Chunk, Place } from '../src/retrieval/passage.js';
import { type Block, block, render, span } from './chunker/block.js';
import { blocksOf } from './chunker/blocks.js';
import { pack } from './chunker/pack.js';
import { type Section, sectionsOf } from './chunker/sections.js';
import { estimateTokens, TARGET_TOKENS } from './chunker/size.js';
import { escapeText } from './chunker/write-markdown.js';
import type { ParsedDocument } from './parsed-document.js';

/** Part of every content hash: raise it when the same tree gives other chunks, and everything is indexed anew. */
export const CHUNKER_VERSION = 1;

/** A section up to this many tokens may share a chunk with neighbours of its size. */
const TINY_TOKENS = 60;

interface Draft {
  readonly path: readonly string[];
  readonly blocks: readonly Block[];
}

/** The chunks of a document, in its order. `link` is asked for the link to each chunk's place. */
export function chunk(
  document: ParsedDocument,
  documentId: string,
  link: (place: Place) => string | undefined,
): Chunk[] {
  const seen = new Map<string, number>();
  return draftsOf(document).map(({ path, blocks }, ordinal) => {
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
  });
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

function draftsOf(document: ParsedDocument): Draft[] {
  const drafts: Draft[] = [];
  let run: SizedSection[] = [];
  for (const section of sectionsOf(document.tree, document.title).map(sized)) {
    if (!joins(run, section)) {
      drafts.push(...closed(run));
      run = [];
    }
    run.push(section);
  }
  return [...drafts, ...closed(run)];
}

interface SizedSection extends Section {
  readonly blocks: readonly Block[];
  readonly tokens: number;
}

function sized(section: Section): SizedSection {
  const blocks = blocksOf(section.nodes);
  const tokens = blocks.reduce((sum, part) => sum + part.tokens, estimateTokens(section.path.at(-1) ?? ''));
  return { ...section, blocks, tokens };
}

/** Tiny neighbours under one parent share a chunk, and with them the few words that stand above the first of them. */
function joins(run: readonly SizedSection[], section: SizedSection): boolean {
  const first = run[0];
  const before = run.at(-1);
  if (first === undefined || before === undefined) return true;
  if (
    !section.leaf ||
    [...run, section].some((part) => part.tokens > TINY_TOKENS || part.blocks.some((b) => b.alone))
  )
    return false;
  if ([...run, section].reduce((sum, part) => sum + part.tokens, 0) > TARGET_TOKENS) return false;
  const parent = JSON.stringify(section.path.slice(0, -1));
  const introduced = run.length === 1 && JSON.stringify(first.path) === parent && first.blocks.length > 0;
  return introduced || JSON.stringify(before.path.slice(0, -1)) === parent;
}

/** One section alone keeps its own path; several go under their common one, their headings in the text. */
function closed(run: readonly SizedSection[]): Draft[] {
  if (run.every((section) => section.blocks.length === 0)) return [];
  const first = run[0];
  const last = run.at(-1);
  if (first === undefined || last === undefined) return [];
  if (run.length === 1) return pack(first.blocks).map((blocks) => ({ path: first.path, blocks }));
  const path = last.path.slice(0, -1);
  const blocks = run.flatMap((section) => {
    if (section.path.length === path.length) return section.blocks;
    const heading = `${'#'.repeat(Math.min(6, path.length + 2))} ${escapeText(section.path.at(-1) ?? '', false)}`;
    return [block(heading, section.headingPlace), ...section.blocks];
  });
  return [{ path, blocks }];
}
