// SafeMarkdown to the legacy Markdown that all Teams clients draw the same.
import type { Nodes, RootContent, Table } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString as textOf } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';

/** Columns of a table drawn in a fixed font that still fit a phone held upright, roughly; wider ones become lists. */
const TABLE_WIDTH = 60;

interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * Headings become bold lines (phones do not draw them), tables become fixed-width text or lists, `<` is escaped outside
 * code. Code is kept as it is, except that `<at` is broken up everywhere: only the adapter writes mentions.
 */
export function teamsMarkdown(markdown: string): string {
  const edits: Edit[] = [];
  collectEdits(parse(markdown), markdown, edits);
  let out = '';
  let from = 0;
  for (const { start, end, text } of edits) {
    out += escapeAngles(markdown.slice(from, start)) + text;
    from = end;
  }
  return out + escapeAngles(markdown.slice(from));
}

/**
 * The part of a growing text that later words will not redraw: without a last block that may yet become a table or a
 * heading. What Teams has shown of a stream must stay a prefix of what follows.
 */
export function settledMarkdown(draft: string): string {
  const last = parse(draft).children.at(-1);
  if (last === undefined) return '';
  const start = last.position?.start.offset ?? 0;
  const source = draft.slice(start);
  const open =
    last.type === 'heading' || last.type === 'table' || (last.type === 'paragraph' && /^\s*\|/.test(source));
  return (open ? draft.slice(0, start) : draft).trimEnd();
}

/**
 * Text of ours or of a document, for the middle of a line, so that Teams draws every character as itself. No more is escaped than must be: an
 * underscore inside a word is none of Markdown's business, and names of files and commands are full of them.
 */
export function plainToMarkdown(text: string): string {
  return escapeAngles(text.replace(/[\\`*[\]~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu, '\\$&'));
}

export function parse(markdown: string) {
  return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
}

function collectEdits(node: Nodes, source: string, edits: Edit[]): void {
  const start = node.position?.start.offset ?? 0;
  const end = node.position?.end.offset ?? 0;
  switch (node.type) {
    case 'code':
    case 'inlineCode':
      edits.push({ start, end, text: breakMentions(source.slice(start, end)) });
      return;
    case 'table':
      edits.push({ start, end, text: indented(drawTable(node), source, start) });
      return;
    case 'heading':
      edits.push({ start, end, text: `**${plainWithMarkers(textOf(node))}**` });
      return;
    default:
      if ('children' in node)
        for (const child of node.children as RootContent[]) collectEdits(child, source, edits);
  }
}

function drawTable(table: Table): string {
  const rows = table.children.map((row) =>
    row.children.map((cell) => textOf(cell).replace(/\s+/g, ' ').trim()),
  );
  const [header = [], ...body] = rows;
  const widths = header.map((_name, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  const width = widths.reduce((sum, each) => sum + each + 3, 0);
  const cited = rows.some((row) => row.some((cell) => /\[\d+\]/.test(cell)));
  // Markers are links in Teams, but not inside code.
  if (cited || width > TABLE_WIDTH) return body.map((row) => listItem(header, row)).join('\n');
  const line = (row: readonly string[]) =>
    widths
      .map((each, column) => (row[column] ?? '').padEnd(each))
      .join(' | ')
      .trimEnd();
  const rule = widths.map((each) => '-'.repeat(each)).join('-|-');
  return ['```', line(header), rule, ...body.map(line), '```'].map(breakMentions).join('\n');
}

function listItem(header: readonly string[], row: readonly string[]): string {
  const cells = row.flatMap((cell, column) => {
    const name = header[column] ?? '';
    if (cell === '') return [];
    return [
      name === '' ? plainWithMarkers(cell) : `**${plainWithMarkers(name)}**: ${plainWithMarkers(cell)}`,
    ];
  });
  return `- ${cells.join('; ')}`;
}

/** Plain text in which `[n]` still is a marker. */
function plainWithMarkers(text: string): string {
  return plainToMarkdown(text).replace(/\\\[(\d{1,3})\\\]/g, '[$1]');
}

/** Keeps a table inside its list item or quote. */
function indented(block: string, source: string, start: number): string {
  const before = source.slice(source.lastIndexOf('\n', start - 1) + 1, start);
  const prefix = /^[ >]*$/.test(before) ? before : ' '.repeat(before.length);
  return block.replaceAll('\n', `\n${prefix}`);
}

function escapeAngles(text: string): string {
  return text.replaceAll('<', '&lt;');
}

function breakMentions(text: string): string {
  return text.replace(/<(?=\/?at\b)/gi, '< ');
}
