// SafeMarkdown -> its syntax tree, and how much of a message a part of the tree fills.
import type { Nodes, Root, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString as textOf } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import type { SafeMarkdown } from '../../../src/safety/sanitise.js';

export { textOf };

/** The blocks of the text. One `~` is a tilde, as in `~mask`; striking through takes two. */
export function parseMarkdown(markdown: SafeMarkdown): RootContent[] {
  const root: Root = fromMarkdown(markdown, {
    extensions: [gfm({ singleTilde: false })],
    mdastExtensions: [gfmFromMarkdown()],
  });
  return root.children;
}

/** Characters a reader sees of this node, with one for each line or cell end. */
export function sizeOf(node: Nodes): number {
  if ('value' in node) return node.value.length + (node.type === 'code' ? 1 : 0);
  if (!('children' in node)) return 1;
  const own = CONTAINERS.has(node.type) ? node.children.length : 0;
  return node.children.reduce((sum, child) => sum + sizeOf(child), own);
}

const CONTAINERS = new Set(['list', 'table', 'tableRow', 'blockquote']);
