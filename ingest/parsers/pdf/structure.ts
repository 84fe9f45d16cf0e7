// Lines of a PDF as mdast: headings, listings, definitions, bullets, tables and paragraphs, each with its page.
import type { Heading, ListItem, Node, PhrasingContent, RootContent, TableRow } from 'mdast';
import { text } from '../nodes.js';
import type { OutlineEntry } from './extract.js';
import { type HeadingDepth, headingDepths } from './headings.js';
import { type Line, lineOf, lineText, segments } from './lines.js';
import { isMono, listing, phrasing, vocabularyOf } from './phrasing.js';

const BULLET = /^[•■▪◦‣❑❒□➢➤●○·∙\uf0b7\uf0a7\uf06e\uf0d8–]\s*/;
const NUMBERED = /^\(?\d{1,2}[.)]\s/;
const NAME = /^[A-Za-z_][\w:.]{1,59}$/;
const DEEPEST = 12;

/** The blocks that the lines of all pages make. */
export function structure(
  pages: readonly (readonly Line[])[],
  outline: readonly OutlineEntry[],
): RootContent[] {
  const lines = pages.flat();
  const reader = new StructureReader(headingDepths(lines, outline), vocabularyOf(lines));
  return reader.read(lines, 0);
}

class StructureReader {
  readonly #headingDepth: HeadingDepth;
  readonly #vocabulary: ReadonlySet<string>;
  #depth = 0;

  constructor(headingDepth: HeadingDepth, vocabulary: ReadonlySet<string>) {
    this.#headingDepth = headingDepth;
    this.#vocabulary = vocabulary;
  }

  read(lines: readonly Line[], nesting: number): RootContent[] {
    const blocks: RootContent[] = [];
    const margin = Math.max(...lines.slice(0, 2000).map((line) => line.right));
    let column: number | undefined;
    let at = 0;
    while (at < lines.length) {
      const line = lines[at] as Line;
      const depth = nesting === 0 ? this.#headingDepth(line, lines[at - 1]) : undefined;
      const definition = nesting < DEEPEST ? this.#definition(lines, at, column) : undefined;
      if (depth !== undefined) {
        at = this.#heading(lines, at, depth, blocks);
        column = undefined;
      } else if (definition !== undefined) {
        column = definition.column;
        const end = bodyEnd(lines, definition.next, definition.column);
        const body = [...definition.first, ...lines.slice(definition.next, end)];
        const term: PhrasingContent = { type: 'inlineCode', value: definition.term };
        addItem(blocks, described(term, this.read(body, nesting + 1), line.page), line.page);
        at = end;
      } else if (isMono(line)) {
        at = this.#listing(lines, at, nesting, blocks);
      } else if (BULLET.test(lineText(line)) && nesting < DEEPEST) {
        at = this.#bullet(lines, at, nesting, blocks);
      } else {
        at = this.#table(lines, at, blocks) ?? this.#paragraph(lines, at, margin, blocks);
      }
    }
    return blocks;
  }

  /** A heading, with the further lines of it. */
  #heading(lines: readonly Line[], at: number, depth: number, blocks: RootContent[]): number {
    const first = lines[at] as Line;
    const title = [first];
    for (let next = lines[at + 1]; next !== undefined; next = lines[at + title.length]) {
      const last = title.at(-1) as Line;
      const numbered =
        title.length === 1 && /^(?:\d{1,2}|[A-Z])$/.test(lineText(first)) && next.page === first.page;
      if (numbered && this.#headingDepth(next, undefined) !== undefined) {
        title.push(next);
        continue;
      }
      const same = next.page === first.page && Math.abs(next.size - first.size) < 0.5 && next.y > last.y;
      if (!same || next.y - last.y > 1.6 * first.size || title.length > 3) break;
      if (this.#headingDepth(next, undefined) === undefined || isBoldOnly(next) !== isBoldOnly(first)) break;
      title.push(next);
    }
    this.#depth = depth;
    const children = phrasing(title, Number.NEGATIVE_INFINITY, this.#vocabulary);
    blocks.push(onPage<Heading>({ type: 'heading', depth: clamp(depth), children }, first.page));
    return at + title.length;
  }

  /** A term in a fixed-width font with its description beside it or, indented, below it. */
  #definition(
    lines: readonly Line[],
    at: number,
    column: number | undefined,
  ): { term: string; first: readonly Line[]; column: number; next: number } | undefined {
    const line = lines[at] as Line;
    if (isMono(line) && nameOf(line) !== undefined) return undefined;
    const split = splitAtColumn(line, column);
    const beside = split !== undefined && (!isMono(line) || near(split.rest.x, column));
    if (beside)
      return { term: listing([split.term]), first: [split.rest], column: split.rest.x, next: at + 1 };
    if (!isMono(line)) return undefined;
    let next = at + 1;
    while (next < at + 3 && isMono(lines[next] ?? line) && follows(lines[next - 1], lines[next], 1.6))
      next += 1;
    const below = lines[next];
    if (below === undefined || isMono(below) || !follows(lines[next - 1], below, 2.2)) return undefined;
    if (below.x < line.x + 6 || below.x > line.x + 12 * line.size) return undefined;
    if (splitAtColumn(below, column) !== undefined) return undefined;
    return { term: listing(lines.slice(at, next)).replace(/\s+/g, ' '), first: [], column: below.x, next };
  }

  /** Lines in a fixed-width font; a bold name that begins one is what the next lines are about, and so a heading. */
  #listing(lines: readonly Line[], at: number, nesting: number, blocks: RootContent[]): number {
    const first = lines[at] as Line;
    let end = at + 1;
    for (; end < lines.length; end += 1) {
      const line = lines[end] as Line;
      const before = lines[end - 1] as Line;
      const gap = line.y - before.y;
      if (!isMono(line) || line.page !== first.page || gap <= 0 || gap > 3.2 * line.size) break;
      if (nameOf(line) !== undefined && gap > 1.6 * line.size) break;
      if (gap > 1.9 * line.size && this.#definition(lines, end, undefined) !== undefined) break;
    }
    const block = lines.slice(at, end);
    const name = nesting === 0 ? nameOf(first) : undefined;
    if (name !== undefined) {
      const children: PhrasingContent[] = [{ type: 'inlineCode', value: name }];
      blocks.push(onPage<Heading>({ type: 'heading', depth: clamp(this.#depth + 1), children }, first.page));
    }
    const value = listing(block);
    if (value !== name) blocks.push(onPage({ type: 'code', lang: null, meta: null, value }, first.page));
    return end;
  }

  #bullet(lines: readonly Line[], at: number, nesting: number, blocks: RootContent[]): number {
    const line = lines[at] as Line;
    const [mark, ...others] = line.runs;
    const alone = mark !== undefined && mark.text.replace(BULLET, '').trim() === '';
    const own = alone && others.length > 0 ? lineOf(others, line.page) : withoutBullet(line);
    const column = alone && others.length > 0 ? own.x : line.x + 3;
    let end = bodyEnd(lines, at + 1, column);
    for (let next = at + 1; next < end; next += 1)
      if (BULLET.test(lineText(lines[next] as Line)) && (lines[next] as Line).x < column + 2) end = next;
    const body = this.read(
      [...(lineText(own) === '' ? [] : [own]), ...lines.slice(at + 1, end)],
      nesting + 1,
    );
    if (body.length > 0)
      addItem(
        blocks,
        onPage({ type: 'listItem', spread: false, children: body as ListItem['children'] }, line.page),
        line.page,
      );
    return Math.max(end, at + 1);
  }

  /** Lines in three or more columns that stand in line with the first one's. */
  #table(lines: readonly Line[], at: number, blocks: RootContent[]): number | undefined {
    const first = lines[at] as Line;
    const columns = segments(first).map((cell) => cell.x);
    if (columns.length < 3) return undefined;
    const rows: { cells: Line[][]; page: number }[] = [];
    let end = at;
    for (; end < lines.length; end += 1) {
      const line = lines[end] as Line;
      const before = lines[end - 1];
      const cells = segments(line).map((cell) => ({ cell, column: columnOf(cell, columns) }));
      if (line.page !== first.page || cells.some(({ column }) => column < 0)) break;
      if (end > at && before !== undefined && (line.y <= before.y || line.y - before.y > 4 * line.size))
        break;
      if (this.#headingDepth(line, before) !== undefined && end > at && cells.length === 1) break;
      const row =
        cells[0]?.column === 0 ? { cells: columns.map((): Line[] => []), page: line.page } : rows.at(-1);
      if (row === undefined) break;
      if (cells[0]?.column === 0) rows.push(row);
      for (const { cell, column } of cells) row.cells[column]?.push(cell);
    }
    if (
      rows.length < 2 ||
      rows.filter((row) => row.cells.filter((cell) => cell.length > 0).length > 1).length < 2
    )
      return undefined;
    const children = rows.map(({ cells, page }): TableRow => {
      const of = cells.map((cell) => phrasing(cell, Number.NEGATIVE_INFINITY, this.#vocabulary));
      return onPage(
        { type: 'tableRow', children: of.map((words) => ({ type: 'tableCell', children: words })) },
        page,
      );
    });
    blocks.push(onPage({ type: 'table', align: [], children }, first.page));
    return end;
  }

  #paragraph(lines: readonly Line[], at: number, margin: number, blocks: RootContent[]): number {
    const first = lines[at] as Line;
    let end = at + 1;
    while (end < lines.length && this.#goesOn(lines[end - 1] as Line, lines[end] as Line)) end += 1;
    const children = phrasing(lines.slice(at, end), margin, this.#vocabulary);
    if (children.length > 0) blocks.push(onPage({ type: 'paragraph', children }, first.page));
    return end;
  }

  #goesOn(line: Line, next: Line): boolean {
    const words = lineText(next);
    if (isMono(next) && !wraps(line, next)) return false;
    if (BULLET.test(words) || NUMBERED.test(words) || Math.abs(next.size - line.size) > 1) return false;
    if (splitAtColumn(next, undefined) !== undefined || segments(next).length > 2) return false;
    if (next.page !== line.page)
      return (
        next.page === line.page + 1 &&
        Math.abs(next.x - line.x) < 3 &&
        /^\p{Ll}/u.test(words) &&
        !/[.:!?]$/.test(lineText(line))
      );
    if (this.#headingDepth(next, line) !== undefined) return false;
    const gap = next.y - line.y;
    return (
      gap > 0 && gap <= 1.55 * Math.max(line.size, next.size) && Math.abs(next.x - line.x) <= 2.5 * line.size
    );
  }
}

/** Whether `next` stands right below `line`, within `sizes` of its letters. */
function follows(line: Line | undefined, next: Line | undefined, sizes: number): boolean {
  if (line === undefined || next === undefined || line.page !== next.page) return false;
  return next.y > line.y && next.y - line.y <= sizes * Math.max(line.size, next.size);
}

/** Whether a line in a fixed-width font is the rest of a sentence, not a listing. */
function wraps(line: Line, next: Line): boolean {
  return !isMono(line) && near(next.x, line.x) && follows(line, next, 1.4) && !/[.:;]$/.test(lineText(line));
}

function near(x: number, column: number | undefined): boolean {
  return column !== undefined && Math.abs(x - column) < 2;
}

/** Where the lines that stand at `column` or further right end. */
function bodyEnd(lines: readonly Line[], from: number, column: number): number {
  let end = from;
  while (end < lines.length && (lines[end] as Line).x >= column - 3) end += 1;
  return end;
}

/** A term in a fixed-width font and the description that begins after a gap, or in the column of the last one. */
function splitAtColumn(line: Line, column: number | undefined): { term: Line; rest: Line } | undefined {
  if (line.runs[0]?.mono !== true) return undefined;
  for (let at = 1; at < line.runs.length; at += 1) {
    const run = line.runs[at];
    const before = line.runs[at - 1];
    if (run === undefined || before === undefined || !before.mono) return undefined;
    const gap = run.x - (before.x + before.width);
    if (gap > 1.8 * line.size || (near(run.x, column) && gap > 2)) {
      const term = lineOf(line.runs.slice(0, at), line.page);
      return term.right - term.x > 250 ? undefined : { term, rest: lineOf(line.runs.slice(at), line.page) };
    }
  }
  return undefined;
}

/** The bold name at the head of a listing: the command or variable that it is about. */
function nameOf(line: Line): string | undefined {
  let bold = '';
  for (const run of line.runs) {
    if (!run.bold) break;
    bold += run.text;
  }
  return NAME.test(bold.trim()) ? bold.trim() : undefined;
}

function isBoldOnly(line: Line): boolean {
  return line.runs.every((run) => run.bold);
}

function columnOf(cell: Line, columns: readonly number[]): number {
  return columns.findIndex((x) => Math.abs(cell.x - x) < 5);
}

function withoutBullet(line: Line): Line {
  const [mark, ...others] = line.runs;
  return mark === undefined
    ? line
    : lineOf([{ ...mark, text: mark.text.replace(BULLET, '') }, ...others], line.page);
}

function described(term: PhrasingContent, body: RootContent[], page: number): ListItem {
  const [first, ...rest] = body;
  const joins = first?.type === 'paragraph';
  const children: PhrasingContent[] = joins ? [term, text(': '), ...first.children] : [term];
  const opening = onPage({ type: 'paragraph' as const, children }, page);
  return onPage(
    {
      type: 'listItem',
      spread: false,
      children: [opening, ...(joins ? rest : body)] as ListItem['children'],
    },
    page,
  );
}

/** Items that follow each other are one list. */
function addItem(blocks: RootContent[], item: ListItem, page: number): void {
  const last = blocks.at(-1);
  if (last?.type === 'list') last.children.push(item);
  else blocks.push(onPage({ type: 'list', ordered: false, spread: false, children: [item] }, page));
}

function clamp(depth: number): Heading['depth'] {
  return Math.min(Math.max(depth, 1), 6) as Heading['depth'];
}

function onPage<T extends Node>(node: T, page: number): T {
  node.data = { ...node.data, page };
  return node;
}
