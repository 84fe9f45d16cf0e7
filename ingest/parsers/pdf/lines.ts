// Runs of text on a page, put together into lines in reading order.
import type { PdfPage, Run } from './extract.js';

/** One line of text, its runs from left to right. */
export interface Line {
  readonly page: number;
  readonly x: number;
  /** Baseline, points from the top. */
  readonly y: number;
  /** Where its last run ends. */
  readonly right: number;
  /** The size most of its letters have. */
  readonly size: number;
  readonly runs: readonly Run[];
}

/** The lines of a page, column by column where the page has two. */
export function linesOf(page: PdfPage): Line[] {
  const runs = page.runs.filter((run) => run.text.trim() !== '');
  const gutter = gutterOf(page, runs);
  if (gutter === undefined) return group(runs, page.number);
  const across = group(runs, page.number).filter((line) => line.runs.some((run) => crosses(run, gutter)));
  const whole = new Set(across.flatMap((line) => line.runs));
  const left = group(
    runs.filter((run) => !whole.has(run) && run.x < gutter),
    page.number,
  );
  const right = group(
    runs.filter((run) => !whole.has(run) && run.x >= gutter),
    page.number,
  );
  const ordered: Line[] = [];
  let top = Number.NEGATIVE_INFINITY;
  for (const bar of [...across, undefined]) {
    const within = (line: Line): boolean => line.y > top && line.y <= (bar?.y ?? Number.POSITIVE_INFINITY);
    ordered.push(...left.filter(within), ...right.filter(within), ...(bar === undefined ? [] : [bar]));
    top = bar?.y ?? top;
  }
  return ordered;
}

/** The words of a line, with a space wherever its runs stand apart. */
export function lineText(line: Line): string {
  return line.runs
    .map((run, at) => (at > 0 && apart(line.runs[at - 1], run) ? ` ${run.text}` : run.text))
    .join('')
    .trim();
}

/** Whether there is a space between two runs that follow each other. */
export function apart(before: Run | undefined, after: Run): boolean {
  if (before === undefined) return false;
  return after.x - (before.x + before.width) > 0.13 * Math.max(before.size, after.size);
}

/** Cuts a line where a gap is wider than words are apart. */
export function segments(line: Line): Line[] {
  const cuts: Run[][] = [];
  for (const run of line.runs) {
    const last = cuts.at(-1)?.at(-1);
    if (last !== undefined && run.x - (last.x + last.width) < 1.4 * line.size) cuts.at(-1)?.push(run);
    else cuts.push([run]);
  }
  return cuts.map((runs) => lineOf(runs, line.page));
}

/** The line that `runs`, at least one, make. */
export function lineOf(runs: readonly Run[], page: number): Line {
  const sorted = [...runs].sort((one, other) => one.x - other.x);
  const letters = new Map<number, number>();
  for (const run of sorted) letters.set(run.size, (letters.get(run.size) ?? 0) + run.text.trim().length);
  const size = [...letters].sort((one, other) => other[1] - one[1])[0]?.[0] ?? 0;
  const main = sorted.find((run) => run.size === size) ?? sorted[0];
  const right = Math.max(...sorted.map((run) => run.x + run.width));
  return { page, x: sorted[0]?.x ?? 0, y: main?.y ?? 0, right, size, runs: sorted };
}

function group(runs: readonly Run[], page: number): Line[] {
  const sorted = [...runs].sort((one, other) => one.y - other.y || one.x - other.x);
  const lines: Run[][] = [];
  for (const run of sorted) {
    const last = lines.at(-1)?.[0];
    if (last !== undefined && Math.abs(run.y - last.y) <= 0.35 * Math.max(run.size, last.size))
      lines.at(-1)?.push(run);
    else lines.push([run]);
  }
  return withRaised(lines.map((line) => lineOf(line, page)));
}

/** Puts small raised and lowered letters, which have a baseline of their own, into the line they belong to. */
function withRaised(lines: readonly Line[]): Line[] {
  const whole: Line[] = [];
  let waiting: Line | undefined;
  const belongs = (small: Line, line: Line): boolean =>
    small.size < 0.85 * line.size &&
    Math.abs(small.y - line.y) < 0.65 * line.size &&
    small.x > line.x - 1 &&
    small.right < line.right + 4 * line.size;
  for (const line of lines) {
    const last = whole.at(-1);
    if (waiting !== undefined && belongs(waiting, line)) {
      whole.pop();
      whole.push(lineOf([...waiting.runs, ...line.runs], line.page));
    } else if (last !== undefined && belongs(line, last)) {
      whole.pop();
      whole.push(lineOf([...last.runs, ...line.runs], line.page));
    } else {
      whole.push(line);
    }
    waiting = whole.at(-1) === line ? line : undefined;
  }
  return whole;
}

function crosses(run: Run, gutter: number): boolean {
  return run.x < gutter - 2 && run.x + run.width > gutter + 2;
}

/** Where an empty band parts a page of running text in two; a column of terms beside their descriptions is no such page. */
function gutterOf(page: PdfPage, runs: readonly Run[]): number | undefined {
  let best: { gutter: number; crossing: number } | undefined;
  for (let gutter = page.width * 0.42; gutter <= page.width * 0.58; gutter += 3) {
    const crossing = runs.filter((run) => crosses(run, gutter)).length;
    if (best === undefined || crossing < best.crossing) best = { gutter, crossing };
  }
  if (best === undefined || best.crossing > runs.length * 0.1) return undefined;
  const { gutter } = best;
  const left = group(
    runs.filter((run) => run.x < gutter && !crosses(run, gutter)),
    page.number,
  );
  const right = group(
    runs.filter((run) => run.x >= gutter),
    page.number,
  );
  return isColumn(left) && isColumn(right) ? gutter : undefined;
}

/** Running text fills its column: most of its lines reach the same right edge. */
function isColumn(lines: readonly Line[]): boolean {
  if (lines.length < 12) return false;
  const x = Math.min(...lines.map((line) => line.x));
  const right = Math.max(...lines.map((line) => line.right));
  return lines.filter((line) => line.right - line.x > 0.8 * (right - x)).length > lines.length * 0.6;
}
