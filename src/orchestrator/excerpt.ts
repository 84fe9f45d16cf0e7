// The line of a passage that a citation shows.
import type { Nodes } from 'mdast';
import { toString as textOf } from 'mdast-util-to-string';
import { parseMarkdown, sanitisePlain } from '../safety/sanitise.js';
import { sentences, stemsOf } from './statements.js';

/** Characters; what a citation shows on every platform (`Citation.excerpt`). */
const LONGEST = 160;

/** The sentence or line of `text` that shares most with `stems`, as plain text of at most 160 characters, cut at a word; empty when none shares any. */
export function excerpt(text: string, stems: ReadonlySet<string>): string {
  let best = '';
  let most = 0;
  for (const line of linesOf(text)) {
    const shared = [...stemsOf(line)].filter((stem) => stems.has(stem)).length;
    if (shared > most) [best, most] = [line, shared];
  }
  return shorten(sanitisePlain(best));
}

function linesOf(markdown: string): string[] {
  const lines: string[] = [];
  const visit = (node: Nodes): void => {
    if (node.type === 'code') lines.push(...node.value.split('\n'));
    else if (node.type === 'tableRow') lines.push(node.children.map((cell) => textOf(cell)).join(' | '));
    else if (node.type === 'paragraph' || node.type === 'heading') {
      const text = textOf(node);
      lines.push(...sentences(text).map(([from, to]) => text.slice(from, to)));
    } else if ('children' in node) node.children.forEach(visit);
  };
  visit(parseMarkdown(markdown));
  return lines.filter((line) => line.trim() !== '');
}

function shorten(line: string): string {
  if (line.length <= LONGEST) return line;
  const head = line.slice(0, LONGEST - 1);
  const space = head.lastIndexOf(' ');
  return `${(space > LONGEST / 2 ? head.slice(0, space) : head.replace(/[\ud800-\udbff]$/, '')).trimEnd()}…`;
}
