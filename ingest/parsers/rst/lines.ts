// Lines of reStructuredText that remember where they stand, and the blocks that indentation makes of them.
import type { Lines } from '../nodes.js';

/** One line, its outer indentation already taken off. */
export interface Line {
  readonly text: string;
  /** Line of the source file, 1-based. */
  readonly no: number;
}

/** The lines of a document: tabs stand for up to eight columns, as docutils reads them. */
export function linesOf(source: string): Line[] {
  return source.split('\n').map((raw, at) => ({ text: expandTabs(raw).trimEnd(), no: at + 1 }));
}

export function indentOf(text: string): number {
  return text.length - text.trimStart().length;
}

/** From `from` on, every line that is blank or indented by at least `least`, dedented; and where to go on. */
export function takeIndented(
  lines: readonly Line[],
  from: number,
  least = 1,
): { readonly body: Line[]; readonly next: number } {
  let next = from;
  while (next < lines.length) {
    const { text } = lines[next] as Line;
    if (text !== '' && indentOf(text) < least) break;
    next += 1;
  }
  while (next > from && lines[next - 1]?.text === '') next -= 1;
  return { body: dedent(lines.slice(from, next)), next };
}

/** Without blank lines around and without the indentation all lines share. */
export function dedent(lines: readonly Line[]): Line[] {
  const first = lines.findIndex((line) => line.text !== '');
  if (first < 0) return [];
  let last = lines.length;
  while (lines[last - 1]?.text === '') last -= 1;
  const inner = lines.slice(first, last);
  let shared = Number.POSITIVE_INFINITY;
  for (const { text } of inner) if (text !== '') shared = Math.min(shared, indentOf(text));
  return shared === 0 ? inner : inner.map(({ text, no }) => ({ text: text.slice(shared), no }));
}

/** First and last line of `lines`, which hold at least one; else `fallback`. */
export function spanOf(lines: readonly Line[], fallback = 1): Lines {
  return { start: lines[0]?.no ?? fallback, end: lines.at(-1)?.no ?? fallback };
}

/** The text with its line breaks, blank lines included. */
export function joined(lines: readonly Line[]): string {
  return lines.map((line) => line.text).join('\n');
}

function expandTabs(text: string): string {
  if (!text.includes('\t')) return text;
  let out = '';
  for (const character of text) out += character === '\t' ? ' '.repeat(8 - (out.length % 8)) : character;
  return out;
}
