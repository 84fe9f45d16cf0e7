// reStructuredText, as docutils and Sphinx write it, as mdast. No maintained reader exists for Node.
import type { Root } from 'mdast';
import type { Parser } from '../parsed-document.js';
import { decodeText } from './decode.js';
import { titleOf } from './nodes.js';
import { readBlocks } from './rst/blocks.js';
import { type Context, definitionsOf } from './rst/context.js';
import { linesOf } from './rst/lines.js';

/**
 * reStructuredText. Positions are lines. Options, commands and functions that directives describe become headings one
 * level below their section, so that each is found on its own; malformed markup stays as text and never fails.
 */
export const parseRst: Parser = async (bytes, path) => {
  const { text, warnings } = decodeText(bytes);
  const lines = linesOf(text);
  const context: Context = {
    ...definitionsOf(lines),
    styles: [],
    depth: 0,
    section: undefined,
    language: null,
    read: (inner, place) => readBlocks(inner, context, place),
  };
  const tree: Root = {
    type: 'root',
    children: context.read(lines, { flat: true, definitions: 0, nesting: 0 }),
  };
  return { title: titleOf(tree, path), tree, warnings };
};
