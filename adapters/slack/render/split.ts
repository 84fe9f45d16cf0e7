// Where a long answer is cut: between blocks first, and never so that a fence, a table or a marker comes apart.
import type { Code, List, Paragraph, PhrasingContent, RootContent, Table } from 'mdast';
import { sizeOf, textOf } from './markdown.js';

/** Between two blocks stands an empty line. */
const GAP = 2;

/**
 * Packs blocks into messages of at most `limit` characters each, in order. A block that alone is too long is cut inside:
 * code and tables between lines, each piece a whole block again; lists between items; text after a word, but never
 * before the marker that belongs to it.
 */
export function splitBlocks(blocks: readonly RootContent[], limit: number): RootContent[][] {
  const parts: RootContent[][] = [];
  let part: RootContent[] = [];
  let used = 0;
  for (const block of blocks.flatMap((whole) => cut(whole, limit))) {
    const size = sizeOf(block);
    if (part.length > 0 && used + GAP + size > limit) {
      parts.push(part);
      part = [];
      used = 0;
    }
    used += size + (part.length > 0 ? GAP : 0);
    part.push(block);
  }
  if (part.length > 0) parts.push(part);
  return parts;
}

function cut(block: RootContent, limit: number): RootContent[] {
  if (sizeOf(block) <= limit) return [block];
  switch (block.type) {
    case 'code':
      return cutCode(block, limit);
    case 'list':
      return cutList(block, limit);
    case 'table':
      return cutTable(block, limit);
    case 'blockquote':
      return block.children.flatMap((child) => cut(child, limit));
    case 'paragraph':
      return cutParagraph(block, limit);
    default:
      return cutParagraph({ type: 'paragraph', children: [{ type: 'text', value: textOf(block) }] }, limit);
  }
}

function cutCode(code: Code, limit: number): Code[] {
  return gather(chopLines(code.value, limit - 1), (line) => line.length + 1, limit).map((lines) => ({
    ...code,
    value: lines.join('\n'),
  }));
}

function chopLines(text: string, limit: number): string[] {
  return text.split('\n').flatMap((line) => chop(line, limit));
}

/** Cuts one line into pieces of `limit` characters, never through a surrogate pair. */
function chop(line: string, limit: number): string[] {
  if (line.length <= limit) return [line];
  const pieces: string[] = [];
  for (let from = 0; from < line.length; ) {
    let to = Math.min(from + limit, line.length);
    if (to < line.length && /[\uD800-\uDBFF]/.test(line[to - 1] as string) && to - 1 > from) to -= 1;
    pieces.push(line.slice(from, to));
    from = to;
  }
  return pieces;
}

/** An item that alone is too long leaves the list and becomes text of its own. */
function cutList(list: List, limit: number): RootContent[] {
  const out: RootContent[] = [];
  let start = list.start ?? 1;
  for (const items of gather(list.children, (item) => sizeOf(item) + 1, limit)) {
    const [only] = items;
    if (only !== undefined && items.length === 1 && sizeOf(only) + 1 > limit) {
      out.push(...only.children.flatMap((child) => cut(child, limit)));
    } else {
      out.push({ ...list, start, children: items });
    }
    start += items.length;
  }
  return out;
}

/** Every piece repeats the head. A table whose single row is too long becomes text. */
function cutTable(table: Table, limit: number): RootContent[] {
  const [head, ...rows] = table.children;
  const room = limit - (head === undefined ? 0 : sizeOf(head) + 1);
  if (head === undefined || rows.some((row) => sizeOf(row) + 1 > room)) {
    const value = table.children
      .map((row) => row.children.map((cell) => textOf(cell)).join(' | '))
      .join('\n');
    return cutCode({ type: 'code', value }, limit);
  }
  return gather(rows, (row) => sizeOf(row) + 1, room - 1).map((some) => ({
    ...table,
    children: [head, ...some],
  }));
}

/** Markers at the beginning of a text belong to what stands before it: code or emphasis. */
const LEADING_MARKERS = /^\s*(?:\[\d+\])+[.,;:!?]*/;

function cutParagraph(paragraph: Paragraph, limit: number): Paragraph[] {
  const pieces: PhrasingContent[][] = [[]];
  let room = limit;
  for (const child of paragraph.children.flatMap((inline) => breakable(inline, limit))) {
    let rest = child;
    while (sizeOf(rest) > room) {
      const at = rest.type === 'text' ? lastBreak(rest.value, room) : 0;
      if (rest.type === 'text' && at > 0) {
        pieces.at(-1)?.push({ type: 'text', value: rest.value.slice(0, at) });
        rest = { type: 'text', value: rest.value.slice(at).trimStart() };
      } else if (rest.type === 'text' && LEADING_MARKERS.test(rest.value)) {
        const [markers = ''] = LEADING_MARKERS.exec(rest.value) ?? [];
        pieces.at(-1)?.push({ type: 'text', value: markers });
        rest = { type: 'text', value: rest.value.slice(markers.length).trimStart() };
        room = 0;
        continue;
      } else if (room === limit) {
        break;
      }
      pieces.push([]);
      room = limit;
    }
    pieces.at(-1)?.push(rest);
    room -= sizeOf(rest);
  }
  return pieces
    .filter((children) => children.length > 0)
    .map((children) => ({ type: 'paragraph', children }));
}

/** An inline longer than a message loses its style and can be cut; a word longer than a message is cut anywhere. */
function breakable(inline: PhrasingContent, limit: number): PhrasingContent[] {
  if (inline.type !== 'text' && sizeOf(inline) <= limit) return [inline];
  const text = inline.type === 'text' ? inline.value : textOf(inline);
  return text.split(/(?<=\s)(?=\S)/).some((word) => word.length > limit)
    ? chop(text, limit).map((value) => ({ type: 'text', value }))
    : [{ type: 'text', value: text }];
}

/** The last place within `room` where text may end: after a sentence if one ends in the second half, else after a word. */
function lastBreak(text: string, room: number): number {
  const within = text.slice(0, room + 1);
  let word = 0;
  let sentence = 0;
  for (const space of within.matchAll(/\s+/g)) {
    const follows = text.slice(space.index + space[0].length);
    if (space.index > room || /^\[\d/.test(follows)) continue;
    word = space.index;
    if (/[.!?:]["')]*(\s*\[\d+\])*$/.test(text.slice(0, space.index))) sentence = space.index;
  }
  return sentence > room / 2 ? sentence : word;
}

/** Consecutive items in groups whose sizes sum to at most `limit`; an item that is larger stands alone. */
function gather<T>(items: readonly T[], size: (item: T) => number, limit: number): T[][] {
  const groups: T[][] = [];
  let used = Number.POSITIVE_INFINITY;
  for (const item of items) {
    const own = size(item);
    if (used + own > limit) {
      groups.push([]);
      used = 0;
    }
    groups.at(-1)?.push(item);
    used += own;
  }
  return groups;
}
