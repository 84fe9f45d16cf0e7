// From the nodes of a section to blocks: what may be cut, where, and at what cost.
import type { Code, List, ListItem, Paragraph, RootContent, Table, TableRow } from 'mdast';
import { toString as plainText } from 'mdast-util-to-string';
import type { Place } from '../../src/retrieval/passage.js';
import { stripInvisible } from '../parsers/decode.js';
import { type Block, block, frame, placeOf } from './block.js';
import { estimateTokens } from './size.js';
import { splitText } from './split-text.js';
import { writeMarkdown } from './write-markdown.js';

/** Cost of parting what belongs together, see Block.breakCost. */
const BETWEEN_ITEMS = 0.15;
const BETWEEN_SENTENCES = 0.3;
const BETWEEN_LINES = 0.4;
const AT_BLANK_LINE = 0.05;
const AFTER_LEAD_IN = 0.8;

/** The blocks of these nodes, in order, of at most `limit` tokens each. Nodes without words make none. */
export function blocksOf(nodes: readonly RootContent[], limit: number): Block[] {
  let leadIn = false;
  return nodes.flatMap((node) => {
    const made = blocksOfNode(node, limit);
    const first = made[0];
    if (first === undefined) return [];
    if (leadIn) made[0] = { ...first, breakCost: Math.max(first.breakCost, AFTER_LEAD_IN) };
    leadIn = node.type === 'paragraph' && /:\W*$/.test(plainText(node));
    return made;
  });
}

function blocksOfNode(node: RootContent, limit: number): Block[] {
  if (node.type === 'code') return code(node, limit);
  if (node.type === 'thematicBreak' || node.type === 'html' || node.type === 'definition') return [];
  if (node.type === 'list') return list(node, limit);
  const text = writeMarkdown(node);
  if (!/[^\s>*_~|:-]/u.test(text)) return [];
  if (estimateTokens(text) <= limit) return [block(text, placeOf(node))];
  if (node.type === 'table') return table(node, limit);
  if (node.type === 'blockquote' || node.type === 'footnoteDefinition') return blocksOf(node.children, limit);
  return prose(text, node, limit);
}

/** A paragraph that is too long, sentence by sentence. */
function prose(text: string, node: RootContent | ListItem | TableRow, limit: number): Block[] {
  const sentence = frame('', '', '');
  return splitText(text, limit).map((piece, at) =>
    block(piece, placeOf(node), { frame: sentence, breakCost: at === 0 ? 0 : BETWEEN_SENTENCES }),
  );
}

/** A list is always a row of items: packing decides whether they stay together. */
function list(node: List, limit: number): Block[] {
  const around = frame('', '', node.spread ? '\n\n' : '\n');
  return node.children.flatMap((item, at) => {
    const alone: List = { ...node, children: [item] };
    if (node.ordered) alone.start = (node.start ?? 1) + at;
    const breakCost = at === 0 ? 0 : BETWEEN_ITEMS;
    const text = writeMarkdown(alone);
    if (!/[^\s>*_~|:-]/u.test(text)) return [];
    if (estimateTokens(text) <= limit) return [block(text, placeOf(item), { frame: around, breakCost })];
    return longItem(alone, item, breakCost, limit);
  });
}

/** An item over the limit: its first paragraph keeps the marker, what follows stands below it. */
function longItem(alone: List, item: ListItem, breakCost: number, limit: number): Block[] {
  const [head, ...rest] = item.children;
  if (head?.type !== 'paragraph') return blocksOf(item.children, limit);
  const marked: List = { ...alone, spread: false, children: [{ ...item, spread: false, children: [head] }] };
  const [first, ...more] = prose(writeMarkdown(marked), head, limit);
  if (first === undefined) return blocksOf(rest, limit);
  const [next, ...others] = blocksOf(rest, limit);
  return [
    { ...first, breakCost },
    ...more,
    ...(next ? [{ ...next, breakCost: Math.max(next.breakCost, BETWEEN_ITEMS) }] : []),
    ...others,
  ];
}

/** A table that is too long, row by row, its header repeated above each part. */
function table(node: Table, limit: number): Block[] {
  const [header, ...rows] = node.children;
  if (header === undefined) return [];
  const headerText = writeMarkdown({ ...node, children: [header] });
  if (rows.length === 0 || estimateTokens(headerText) > limit / 2) {
    return [header, ...rows].flatMap((row) => longRow(row, undefined, limit));
  }
  const around = frame(`${headerText}\n`, '', '\n');
  return rows.flatMap((row, at) => {
    const text = writeMarkdown({ ...node, children: [header, row] }).slice(headerText.length + 1);
    if (around.tokens + estimateTokens(text) > limit) return longRow(row, header, limit);
    return [block(text, placeOf(row), { frame: around, breakCost: at === 0 ? 0 : BETWEEN_ITEMS })];
  });
}

/** A row too long for any chunk becomes paragraphs, one for each cell, under the name of its column. */
function longRow(row: TableRow, header: TableRow | undefined, limit: number): Block[] {
  return row.children.flatMap((cell, at) => {
    const name = header?.children[at];
    const label = name && plainText(name) !== '' && estimateTokens(plainText(name)) < 30 ? name.children : [];
    const children: Paragraph['children'] = [
      ...(label.length > 0
        ? ([
            { type: 'strong', children: label },
            { type: 'text', value: ': ' },
          ] as const)
        : []),
      ...cell.children,
    ].map((child) => structuredClone(child));
    if (plainText(cell).trim() === '') return [];
    const [first, ...rest] = prose(writeMarkdown({ type: 'paragraph', children }), row, limit);
    if (first === undefined) return [];
    return [{ ...first, breakCost: at === 0 ? 0 : BETWEEN_SENTENCES }, ...rest];
  });
}

/** Code stays whole; over the limit it is cut between lines, best at a blank one or where a new command begins. */
function code(node: Code, limit: number): Block[] {
  const lines = stripInvisible(node.value).text.split('\n');
  const first = lines.findIndex((line) => line.trim() !== '');
  if (first === -1) return [];
  const last = lines.findLastIndex((line) => line.trim() !== '');
  const alone = node.data?.unit ?? false;
  const value = lines.slice(first, last + 1).join('\n');
  const whole = writeMarkdown({ ...node, value, meta: null });
  if (estimateTokens(whole) <= limit) return [block(whole, placeOf(node), { alone })];

  const fence = '`'.repeat(Math.max(3, ...(value.match(/`+/g) ?? []).map((run) => run.length + 1)));
  const around = frame(`${fence}${node.lang ?? ''}\n`, `\n${fence}`, '\n');
  const room = limit - around.tokens;
  const blocks: Block[] = [];
  for (let at = first; at <= last; at++) {
    const line = lines[at] ?? '';
    const breakCost = at === first ? 0 : lineBreakCost(line, lines[at - 1] ?? '');
    const place = placeOfLine(node, lines.length, at);
    const pieces = estimateTokens(line) <= room ? [line] : splitText(line, room);
    for (const [part, text] of pieces.entries()) {
      const cost = part === 0 ? breakCost : BETWEEN_LINES;
      blocks.push(block(text, place, { frame: around, breakCost: cost, alone }));
    }
  }
  return blocks;
}

/** Better before a line that follows a blank one, or that starts at the margin without continuing the line above. */
function lineBreakCost(line: string, before: string): number {
  if (before.trim() === '') return AT_BLANK_LINE;
  return /^[^\s})\]]/.test(line) && !before.endsWith('\\') ? BETWEEN_ITEMS : BETWEEN_LINES;
}

/** A fenced block starts a line below its fence, an indented one on its own first line. */
function placeOfLine(node: Code, lines: number, at: number): Place {
  const place = placeOf(node);
  if (place.line === undefined || place.endLine === undefined) return place;
  const fenceLines = place.endLine - place.line + 1 > lines ? 1 : 0;
  const line = Math.min(place.line + fenceLines + at, place.endLine);
  return { line, endLine: line };
}
