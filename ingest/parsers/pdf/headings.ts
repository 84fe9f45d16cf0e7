// Which lines of a PDF are headings, and how deep: size and weight find them, the outline ranks them.
import type { OutlineEntry } from './extract.js';
import { type Line, lineText, segments } from './lines.js';
import { isMono } from './phrasing.js';

/** The depth of the heading that a line is, from 1; undefined for text. */
export type HeadingDepth = (line: Line, before: Line | undefined) => number | undefined;

/** Learns from the whole document what its headings look like. */
export function headingDepths(lines: readonly Line[], outline: readonly OutlineEntry[]): HeadingDepth {
  const body = bodySize(lines);
  const outlined = new Map<string, number>();
  for (const { title, depth } of outline) if (!outlined.has(words(title))) outlined.set(words(title), depth);
  const styles = new Map<
    string,
    { size: number; bold: boolean; count: number; depths: Map<number, number> }
  >();
  for (const [at, line] of lines.entries()) {
    if (!isHeading(line, lines[at - 1], body)) continue;
    const style = styles.get(styleOf(line)) ?? {
      size: line.size,
      bold: isBold(line),
      count: 0,
      depths: new Map(),
    };
    style.count += 1;
    const depth = outlined.get(words(lineText(line)));
    if (depth !== undefined) style.depths.set(depth, (style.depths.get(depth) ?? 0) + 1);
    styles.set(styleOf(line), style);
  }
  const ranks = new Map<string, number>();
  let last = 0;
  const largestFirst = [...styles].sort(
    ([, one], [, other]) => other.size - one.size || Number(other.bold) - Number(one.bold),
  );
  let size = Number.POSITIVE_INFINITY;
  for (const [name, style] of largestFirst) {
    const [most] = [...style.depths].sort((one, other) => other[1] - one[1]);
    const common = most !== undefined && most[1] * 5 >= style.count ? most[0] : undefined;
    // A title page has styles of its own, and one size comes in two weights: neither is a rank.
    const ranked = style.count > 2 && size - style.size > 0.6;
    last = Math.min(Math.max(common ?? (ranked ? last + 1 : last), last, 1), 6);
    if (ranked || common !== undefined) size = style.size;
    ranks.set(name, last);
  }
  return (line, before) =>
    isHeading(line, before, body)
      ? (outlined.get(words(lineText(line))) ?? ranks.get(styleOf(line)))
      : undefined;
}

/** The size most of the prose has; listings are often smaller. */
function bodySize(lines: readonly Line[]): number {
  const letters = new Map<number, number>();
  for (const line of lines) {
    if (isMono(line)) continue;
    const size = Math.round(line.size * 2) / 2;
    letters.set(size, (letters.get(size) ?? 0) + (lineText(line).match(/\p{L}/gu)?.length ?? 0));
  }
  return [...letters].sort((one, other) => other[1] - one[1])[0]?.[0] ?? 10;
}

function isHeading(line: Line, before: Line | undefined, body: number): boolean {
  const title = lineText(line);
  if (title.length > 120 || !/[\p{L}\d]/u.test(title) || /[.,;:]$/.test(title) || isMono(line)) return false;
  if (line.size >= body * 1.15) return true;
  if (line.size < body * 0.95 || !isBold(line) || !/\p{L}/u.test(title)) return false;
  // The bold words at the head of a table stand in columns; those in a paragraph stand close under its other lines.
  const [first, second] = segments(line);
  if (first !== undefined && second !== undefined && second.x - first.right > 3 * line.size) return false;
  return (
    before === undefined ||
    before.page !== line.page ||
    line.y - before.y > 1.3 * line.size ||
    line.y < before.y
  );
}

function isBold(line: Line): boolean {
  return line.runs.every((run) => run.bold);
}

function styleOf(line: Line): string {
  return `${Math.round(line.size * 2)}${isBold(line) ? 'b' : ''}`;
}

function words(title: string): string {
  return title
    .replace(/[^\p{L}\p{N}]+/gu, ' ')
    .trim()
    .toLowerCase();
}
