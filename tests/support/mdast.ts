// Trees as Markdown and as lines, for tests to read.
import type { Nodes, Root } from 'mdast';
import { gfmToMarkdown } from 'mdast-util-gfm';
import { toMarkdown } from 'mdast-util-to-markdown';
import { visit } from 'unist-util-visit';

/** The tree as Markdown, without the blank line at its end. */
export function markdownOf(tree: Root): string {
  return toMarkdown(tree, { bullet: '-', extensions: [gfmToMarkdown({ tablePipeAlign: false })] }).trimEnd();
}

/** Every node of one type, with the lines it stands on. */
export function placesOf(tree: Root, type: Nodes['type']): string[] {
  const places: string[] = [];
  visit(tree, type, (node) => {
    places.push(`${node.position?.start.line}-${node.position?.end.line}`);
  });
  return places;
}

/** Nodes that stand outside lines 1 to `lines`, or end before they start. */
export function misplaced(tree: Root, lines: number): string[] {
  const wrong: string[] = [];
  visit(tree, (node) => {
    const { start, end } = node.position ?? {};
    if (start === undefined || end === undefined) return;
    if (start.line < 1 || end.line > lines || end.line < start.line)
      wrong.push(`${node.type} ${start.line}-${end.line}`);
  });
  return wrong;
}
