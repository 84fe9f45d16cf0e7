// Lines of a PDF as words: fonts become code, hyphens at line ends go, listings keep their columns.
import type { PhrasingContent } from 'mdast';
import { text } from '../nodes.js';
import { apart, type Line, lineText } from './lines.js';

/** A line is a listing when so much of it is in a fixed-width font. */
const MONO_SHARE = 0.9;

export function isMono(line: Line): boolean {
  let mono = 0;
  let all = 0;
  for (const run of line.runs) {
    const letters = run.text.trim().length;
    all += letters;
    if (run.mono) mono += letters;
  }
  return mono >= all * MONO_SHARE;
}

/** Every word of the document, to tell `time-` + `out` from `level-` + `sensitive`. */
export function vocabularyOf(lines: readonly Line[]): ReadonlySet<string> {
  const words = new Set<string>();
  for (const line of lines)
    for (const word of lineText(line)
      .toLowerCase()
      .match(/[a-z]{3,}/g) ?? [])
      words.add(word);
  return words;
}

/** The words of a paragraph; `margin` is where its lines could have ended. */
export function phrasing(
  lines: readonly Line[],
  margin: number,
  vocabulary: ReadonlySet<string>,
): PhrasingContent[] {
  const nodes: PhrasingContent[] = [];
  for (const [at, line] of lines.entries()) {
    const before = lines[at - 1];
    for (const [column, run] of line.runs.entries()) {
      const last = nodes.at(-1);
      const first = column === 0 && before !== undefined;
      if (first && last !== undefined && endsEarly(before, line, margin)) nodes.push({ type: 'break' });
      else if (first && last?.type === 'text' && joinsWord(last, run.text, vocabulary)) {
        append(nodes, run.mono, run.text);
        continue;
      }
      const spaced = first || apart(line.runs[column - 1], run) || /^\s/.test(run.text);
      append(nodes, run.mono, `${spaced && nodes.at(-1)?.type !== 'break' ? ' ' : ''}${run.text}`);
    }
  }
  return tidy(nodes);
}

/** Whether a line stops where the next word would still have fitted: its break is meant. */
function endsEarly(line: Line, next: Line, margin: number): boolean {
  const word = lineText(next).split(/\s/)[0] ?? '';
  return (
    line.right + (word.length + 1) * next.size * 0.55 < margin &&
    (/[.:;)]$/.test(lineText(line)) || /^\p{Lu}/u.test(word))
  );
}

/** Joins a word cut at the end of a line; true when the next run goes on right there. */
function joinsWord(last: { value: string }, next: string, vocabulary: ReadonlySet<string>): boolean {
  const cut = /([A-Za-z]+)-\s*$/.exec(last.value);
  const rest = /^[a-z]+/.exec(next)?.[0];
  if (cut === null || rest === undefined) return false;
  const whole = `${cut[1]}${rest}`.toLowerCase();
  last.value = vocabulary.has(whole) ? last.value.replace(/-\s*$/, '') : last.value.trimEnd();
  return true;
}

function append(nodes: PhrasingContent[], mono: boolean, value: string): void {
  const last = nodes.at(-1);
  const lead = /^\s*/.exec(value)?.[0] ?? '';
  if (mono && value.trim() !== '') {
    if (last?.type === 'inlineCode') last.value += lead === '' ? value : ` ${value.trim()}`;
    else {
      if (lead !== '' && last?.type === 'text') last.value += ' ';
      nodes.push({ type: 'inlineCode', value: value.trimStart() });
    }
  } else if (last?.type === 'text') last.value += value;
  else nodes.push(text(value));
}

function tidy(nodes: readonly PhrasingContent[]): PhrasingContent[] {
  const tidied = nodes
    .map((node): PhrasingContent => {
      if (node.type === 'inlineCode')
        return { ...node, value: plainCode(node.value).replace(/\s+/g, ' ').trim() };
      return node.type === 'text' ? { ...node, value: letters(node.value).replace(/\s+/g, ' ') } : node;
    })
    .filter((node) => node.type === 'break' || !('value' in node) || node.value !== '');
  const first = tidied[0];
  const last = tidied.at(-1);
  if (first?.type === 'text') first.value = first.value.trimStart();
  if (last?.type === 'text') last.value = last.value.trimEnd();
  return tidied;
}

/** A listing, its columns kept: letters of a fixed-width font stand on a grid. */
export function listing(lines: readonly Line[]): string {
  let width = 0;
  let count = 0;
  for (const run of lines.flatMap((line) => line.runs.filter(({ mono }) => mono))) {
    width += run.width;
    count += run.text.length;
  }
  const cell = count === 0 ? 6 : width / count;
  const left = Math.min(...lines.map((line) => line.x));
  const rows: string[] = [];
  for (const [at, line] of lines.entries()) {
    const before = lines[at - 1];
    if (before !== undefined && line.y - before.y > 1.9 * line.size) rows.push('');
    let row = '';
    for (const [column, run] of line.runs.entries()) {
      const place = Math.min(Math.round((run.x - left) / cell), 200);
      const least = column > 0 && apart(line.runs[column - 1], run) ? row.length + 1 : row.length;
      row =
        row.padEnd(column === 0 || place - row.length > 1 ? Math.max(place, least) : least) +
        run.text.trimEnd();
    }
    rows.push(plainCode(row.trimEnd()));
  }
  return rows.join('\n');
}

/** Word processors turn what people type into typographic dashes and quotes, which no command line takes. */
function plainCode(value: string): string {
  return letters(value)
    .replace(/[“”]/g, '"')
    .replace(/[‘’]/g, "'")
    .replace(/(^|[\s[(|])[–—](?=\w)/g, '$1-');
}

/** Ligatures as letters; no signs from private fonts. */
function letters(value: string): string {
  return value
    .replace(/[\ufb00-\ufb06]/g, (ligature) => ligature.normalize('NFKC'))
    .replace(/[\ue000-\uf8ff]/g, '');
}
