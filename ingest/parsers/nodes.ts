// How the parsers build mdast: nodes that say where they stand, and the title of a finished tree.
import { basename } from 'node:path/posix';
import type {
  Code,
  Heading,
  List,
  ListItem,
  Node,
  Paragraph,
  PhrasingContent,
  Root,
  RootContent,
  Table,
  TableRow,
  Text,
} from 'mdast';
import { toString as plainText } from 'mdast-util-to-string';

/** Lines of the source file, 1-based and inclusive. */
export interface Lines {
  readonly start: number;
  readonly end: number;
}

/** Sets where `node` stands and returns it. */
export function standing<T extends Node>(node: T, lines: Lines): T {
  node.position = { start: { line: lines.start, column: 1 }, end: { line: lines.end, column: 1 } };
  return node;
}

export function text(value: string): Text {
  return { type: 'text', value };
}

/** A heading; a depth beyond 6, which Markdown does not have, is 6. */
export function heading(depth: number, children: PhrasingContent[], lines: Lines): Heading {
  return standing(
    { type: 'heading', depth: Math.min(Math.max(depth, 1), 6) as Heading['depth'], children },
    lines,
  );
}

export function paragraph(children: PhrasingContent[], lines: Lines): Paragraph {
  return standing({ type: 'paragraph', children }, lines);
}

export function code(value: string, lang: string | null, lines: Lines): Code {
  return standing({ type: 'code', lang, meta: null, value }, lines);
}

export function list(ordered: boolean, children: ListItem[]): List {
  const node: List = { type: 'list', ordered, spread: false, children };
  const first = children[0]?.position?.start.line ?? 1;
  return standing(node, { start: first, end: children.at(-1)?.position?.end.line ?? first });
}

export function item(children: RootContent[], lines: Lines): ListItem {
  return standing({ type: 'listItem', spread: false, children: children as ListItem['children'] }, lines);
}

/** A table of rows that may be ragged: short ones get empty cells, as Markdown wants them. */
export function table(
  rows: readonly { readonly cells: readonly PhrasingContent[][]; readonly lines: Lines }[],
): Table {
  const width = Math.max(0, ...rows.map((row) => row.cells.length));
  const children = rows.map(({ cells, lines }): TableRow => {
    const padded = [...cells, ...Array.from({ length: width - cells.length }, (): PhrasingContent[] => [])];
    return standing(
      { type: 'tableRow', children: padded.map((cell) => ({ type: 'tableCell', children: cell })) },
      lines,
    );
  });
  const start = rows[0]?.lines.start ?? 1;
  return standing({ type: 'table', align: [], children }, { start, end: rows.at(-1)?.lines.end ?? start });
}

/** Block content as one run of phrasing, for table cells, which hold nothing else. */
export function phrasingOf(blocks: readonly RootContent[]): PhrasingContent[] {
  const runs: PhrasingContent[][] = blocks.map((block) => {
    if (block.type === 'paragraph' || block.type === 'heading') return block.children;
    if (block.type === 'code') return [{ type: 'inlineCode', value: block.value.replace(/\s+/g, ' ') }];
    if ('children' in block) return phrasingOf(block.children as RootContent[]);
    return [text(plainText(block))];
  });
  return runs.filter((run) => run.length > 0).flatMap((run, at) => (at === 0 ? run : [text(' '), ...run]));
}

/** What the document calls itself: its first heading of the highest rank, else its file name. */
export function titleOf(tree: Root, path: string): string {
  const headings = tree.children.filter((node) => node.type === 'heading');
  const top = Math.min(...headings.map((node) => node.depth));
  const first = headings.find((node) => node.depth === top && plainText(node).trim() !== '');
  return (first === undefined ? '' : plainText(first).replace(/\s+/g, ' ').trim()) || fileTitle(path);
}

/** The file name without its folder and extension; the path itself where that leaves nothing. */
export function fileTitle(path: string): string {
  const name = basename(path);
  return name.replace(/\.[A-Za-z0-9]{1,8}$/, '') || name || path || 'untitled';
}
