// The two drawn tables of reStructuredText, cut into rows of cells.
import { dedent, type Line } from './lines.js';

/** A row: the lines of each cell. */
export type DrawnRow = readonly (readonly Line[])[];

export const SIMPLE_BORDER = /^=+(?: +=+)+$/;
/** Lines after which a simple table that has not closed is none. */
export const LONGEST_TABLE = 2000;
export const GRID_BORDER = /^\+(?:[-=]+\+)+$/;

/** The simple table that begins at `from`, a border; undefined when it never closes. */
export function simpleTable(
  lines: readonly Line[],
  from: number,
): { readonly rows: readonly DrawnRow[]; readonly next: number } | undefined {
  const border = lines[from]?.text ?? '';
  const starts = [...border.matchAll(/=+/g)].map((run) => run.index);
  const rows: Line[][][] = [];
  let borders = 1;
  const limit = Math.min(lines.length, from + LONGEST_TABLE);
  for (let at = from + 1; at < limit; at += 1) {
    const line = lines[at] as Line;
    if (SIMPLE_BORDER.test(line.text)) {
      borders += 1;
      const after = lines[at + 1]?.text ?? '';
      if (after === '' && (borders > 2 || !closesLater(lines, at + 1)))
        return { rows: rows.map((row) => row.map(dedent)), next: at + 1 };
    } else if (line.text !== '' && !/^-[- ]*$/.test(line.text)) {
      const cells = cut(line, starts);
      const last = rows.at(-1);
      if (last === undefined || cells[0]?.text !== '') rows.push(cells.map((cell) => [cell]));
      else for (const [column, cell] of cells.entries()) last[column]?.push(cell);
    }
  }
  return undefined;
}

/** Whether the table goes on after a border that a blank line follows: a header with an empty line under it. */
function closesLater(lines: readonly Line[], from: number): boolean {
  for (let at = from; at < Math.min(lines.length, from + LONGEST_TABLE); at += 1) {
    const { text } = lines[at] as Line;
    if (SIMPLE_BORDER.test(text)) return (lines[at - 1]?.text ?? '') !== '';
    if (text !== '' && !text.includes('  ')) return false;
  }
  return false;
}

/** The grid table that begins at `from`. Cells that span rows or columns come out once, in their first place. */
export function gridTable(
  lines: readonly Line[],
  from: number,
): { readonly rows: readonly DrawnRow[]; readonly next: number } {
  let next = from;
  while (next < lines.length && /^[+|]/.test(lines[next]?.text ?? '')) next += 1;
  const drawn = lines.slice(from, next);
  const edges = [
    ...new Set(
      drawn
        .filter((line) => line.text.startsWith('+'))
        .flatMap((line) => [...line.text.matchAll(/\+/g)].map((plus) => plus.index)),
    ),
  ].sort((one, other) => one - other);
  const rows: Line[][][] = [];
  let open = true;
  for (const line of drawn) {
    if (/^\+[-=]|\+[-=]+\+/.test(line.text)) open = true;
    if (GRID_BORDER.test(line.text)) continue;
    if (open) rows.push(edges.slice(1).map(() => []));
    open = false;
    let column = 0;
    for (let at = 1; at < edges.length; at += 1) {
      const edge = edges[at] ?? 0;
      if (at < edges.length - 1 && !/[|+]/.test(line.text[edge] ?? '|')) continue;
      const text = line.text.slice((edges[column] ?? 0) + 1, edge).trimEnd();
      if (!/^[-=+]+$/.test(text.trim())) rows.at(-1)?.[column]?.push({ text, no: line.no });
      column = at;
    }
  }
  return { rows: rows.map((row) => row.map(dedent)), next };
}

/** Comma-separated values, with quotes. */
export function csvRows(lines: readonly Line[], separator: string): DrawnRow[] {
  return lines
    .filter((line) => line.text.trim() !== '')
    .map(({ text, no }) => csvCells(text, separator).map((cell) => [{ text: cell, no }]));
}

function csvCells(text: string, separator: string): string[] {
  const cells: string[] = [];
  let cell = '';
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const character = text[at] ?? '';
    if (character === '"' && quoted && text[at + 1] === '"') {
      cell += '"';
      at += 1;
    } else if (character === '"' && (quoted || cell.trim() === '')) {
      quoted = !quoted;
    } else if (character === separator && !quoted) {
      cells.push(cell.trim());
      cell = '';
    } else {
      cell += character;
    }
  }
  return [...cells, cell.trim()];
}

/** One line cut at the columns; text that runs across an edge stays whole in the column it began in. */
function cut(line: Line, starts: readonly number[]): Line[] {
  const cells: Line[] = starts.map(() => ({ text: '', no: line.no }));
  let column = 0;
  for (let at = 1; at <= starts.length; at += 1) {
    const edge = starts[at];
    if (edge !== undefined && line.text.length > edge && /\S/.test(line.text[edge - 1] ?? ' ')) continue;
    cells[column] = { text: line.text.slice(starts[column], edge).trimEnd(), no: line.no };
    column = at;
  }
  return cells;
}
