// The outline of a document: its blocks, grouped under the headings they stand below.
import type { Root, RootContent } from 'mdast';
import { toString as plainText } from 'mdast-util-to-string';
import { stripInvisible } from '../parsers/decode.js';
import { type Block, block, placeOf } from './block.js';
import { blocksOf } from './blocks.js';
import { estimateTokens } from './size.js';
import { escapeText } from './write-markdown.js';

export interface Section {
  /** Headings down to this one, without the document's title. */
  readonly path: readonly string[];
  /** Its heading as text, for a chunk that several sections share; null for the document itself. */
  readonly heading: Block | null;
  /** What stands between its heading and the next one. */
  readonly blocks: readonly Block[];
  readonly children: readonly Section[];
  /** Of everything in it, headings and all. */
  readonly tokens: number;
}

interface Draft {
  readonly depth: number;
  readonly path: readonly string[];
  readonly heading: Block | null;
  readonly nodes: RootContent[];
  readonly children: Draft[];
}

/** The document as one section that holds all others. `limit`: tokens no block exceeds. */
export function outline(tree: Root, title: string, limit: number): Section {
  const root: Draft = { depth: 0, path: [], heading: null, nodes: [], children: [] };
  const open = [root];
  for (const node of tree.children) {
    if (node.type !== 'heading') {
      open.at(-1)?.nodes.push(node);
      continue;
    }
    while (open.length > 1 && (open.at(-1)?.depth ?? 0) >= node.depth) open.pop();
    const parent = open.at(-1) ?? root;
    const name = stripInvisible(plainText(node)).text.replace(/\s+/g, ' ').trim();
    // A heading that is the title, or has no words, leads to what is below it but is not part of the way there.
    const silent = name === '' || (parent.path.length === 0 && name === title);
    const path = silent ? parent.path : [...parent.path, name];
    const marks = '#'.repeat(Math.min(6, path.length + 1));
    const heading = silent ? null : block(`${marks} ${escapeText(name)}`, placeOf(node));
    const section: Draft = { depth: node.depth, path, heading, nodes: [], children: [] };
    parent.children.push(section);
    open.push(section);
  }
  return measured(root, limit);
}

function measured({ path, heading, nodes, children }: Draft, limit: number): Section {
  const blocks = blocksOf(nodes, limit);
  const below = children.map((child) => measured(child, limit));
  const own = blocks.reduce(
    (sum, part) => sum + part.tokens + (part.frame?.tokens ?? 0),
    estimateTokens(heading?.text ?? ''),
  );
  return {
    path,
    heading,
    blocks,
    children: below,
    tokens: below.reduce((sum, child) => sum + child.tokens, own),
  };
}
