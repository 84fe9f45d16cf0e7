// Plain text as mdast: headings where they are clear, code where layout carries meaning, paragraphs otherwise.
import type { PhrasingContent, Root, RootContent } from 'mdast';
import type { ParsedDocument, Parser } from '../parsed-document.js';
import { decodeText } from './decode.js';
import { code, fileTitle, heading, item, list, paragraph, text, titleOf } from './nodes.js';

const FENCE = /^\s*(`{3,}|~{3,})\s*([\w+#.-]*)\s*$/;
const BULLET = /^(\s*)([-*•o])\s+(\S.*)$/;
const UNDERLINE = /^([=~^#*.-])\1{2,}\s*$/;
const NUMBERED = /^(\d{1,2}(?:\.\d{1,3}){0,4})\.?\s+(\p{Lu}[^.;:]{0,78})$/u;
/** Columns before which a line that ends was broken on purpose. */
const MARGIN = 56;
const TABLE_LINE = /^\s*(?:\+[-=+]{3,}\+?|\|.*\|)\s*$/;

/** Plain text. Positions are lines. */
export const parseText: Parser = async (bytes, path) => {
  const decoded = decodeText(bytes);
  return textDocument(decoded.text, path, decoded.warnings);
};

/** The document that already decoded text is. */
export function textDocument(source: string, path: string, warnings: readonly string[]): ParsedDocument {
  const tree: Root = { type: 'root', children: blocksOf(source.split('\n')) };
  const title = tree.children[0]?.type === 'heading' ? titleOf(tree, path) : fileTitle(path);
  return { title, tree, warnings };
}

function blocksOf(lines: readonly string[]): RootContent[] {
  const blocks: RootContent[] = [];
  const ranks: string[] = [];
  const rank = (style: string): number => {
    if (!ranks.includes(style)) ranks.push(style);
    return ranks.indexOf(style) + 1;
  };
  let at = 0;
  while (at < lines.length) {
    const line = lines[at] ?? '';
    const fence = FENCE.exec(line);
    if (line.trim() === '') {
      at += 1;
    } else if (fence !== null) {
      at = fenced(lines, at, fence, blocks);
    } else if (isTitle(lines, at)) {
      const style = (lines[at + 1] ?? '').trim()[0] ?? '';
      blocks.push(heading(rank(style), [text(line.trim())], { start: at + 1, end: at + 2 }));
      at += 2;
    } else {
      const end = blockEnd(lines, at);
      blocks.push(...block(lines.slice(at, end), at + 1));
      at = end;
    }
  }
  return joinRuns(blocks);
}

function isTitle(lines: readonly string[], at: number): boolean {
  const title = lines[at] ?? '';
  const under = (lines[at + 1] ?? '').trim();
  if (!UNDERLINE.test(under) || UNDERLINE.test(title.trim()) || /^\s/.test(title)) return false;
  return (
    (lines[at - 1] ?? '').trim() === '' && title.length <= 100 && under.length * 2 >= title.trim().length
  );
}

/** The line after the block that starts at `at`: blocks end at blank lines, fences and titles. */
function blockEnd(lines: readonly string[], at: number): number {
  let end = at + 1;
  while (end < lines.length && (lines[end] ?? '').trim() !== '' && !FENCE.test(lines[end] ?? '')) end += 1;
  return end;
}

function fenced(lines: readonly string[], at: number, fence: RegExpExecArray, blocks: RootContent[]): number {
  const mark = fence[1] ?? '```';
  let end = at + 1;
  while (end < lines.length && !(lines[end] ?? '').trim().startsWith(mark)) end += 1;
  blocks.push(
    code(lines.slice(at + 1, end).join('\n'), fence[2] || null, {
      start: at + 1,
      end: Math.min(end + 1, lines.length),
    }),
  );
  return end + 1;
}

/** One run of lines without a blank among them, first line number `start`. */
function block(lines: readonly string[], start: number): RootContent[] {
  const end = start + lines.length - 1;
  const [first = ''] = lines;
  const numbered = NUMBERED.exec(first);
  if (lines.length === 1 && numbered !== null) {
    const depth = (numbered[1] ?? '').split('.').length;
    return [heading(depth, [text(first.trim())], { start, end })];
  }
  if (lines.some((line) => TABLE_LINE.test(line))) return [code(lines.join('\n'), null, { start, end })];
  if (BULLET.test(first)) return [bullets(lines, start)];
  const bulletAt = lines.findIndex((line, at) => at > 0 && /^\s*[-*•]\s+\S/.test(line));
  const rest = lines.slice(1).filter((line) => /^\s*[-*•]\s+\S/.test(line));
  if (bulletAt > 0 && rest.length > 1 && !/^\s/.test(first))
    return [...block(lines.slice(0, bulletAt), start), ...block(lines.slice(bulletAt), start + bulletAt)];
  if (isLaidOut(lines)) return [code(lines.join('\n'), null, { start, end })];
  return [paragraph(words(lines), { start, end })];
}

/** Whether the line breaks and indents mean something: all indented, hanging terms, or columns in most lines. */
function isLaidOut(lines: readonly string[]): boolean {
  const indented = lines.filter((line) => /^(?: {2}|\t)/.test(line)).length;
  if (indented === lines.length) return true;
  if (lines.length < 3) return indented > 0;
  if (lines.some((line) => /^\s*[{}];?\s*$/.test(line))) return true;
  const columns = lines.filter((line) => /\S(?: {3,}|\t+)\S/.test(line)).length;
  return indented * 3 >= lines.length || columns * 2 >= lines.length;
}

function bullets(lines: readonly string[], start: number): RootContent {
  const items: { words: string[]; start: number; end: number }[] = [];
  for (const [at, line] of lines.entries()) {
    const bullet = BULLET.exec(line);
    const current = items.at(-1);
    if (bullet !== null || current === undefined)
      items.push({ words: [bullet?.[3] ?? line.trim()], start: start + at, end: start + at });
    else {
      current.words.push(line.trim());
      current.end = start + at;
    }
  }
  return list(
    false,
    items.map(({ words, ...lines }) => item([paragraph([text(words.join('\n'))], lines)], lines)),
  );
}

/** Code broken by blank lines only is one listing, and so is a list. */
function joinRuns(blocks: readonly RootContent[]): RootContent[] {
  const joined: RootContent[] = [];
  for (const next of blocks) {
    const last = joined.at(-1);
    const end = next.position?.end;
    if (last?.type === 'code' && next.type === 'code' && !last.lang && !next.lang) {
      const gap = (next.position?.start.line ?? 0) - (last.position?.end.line ?? 0);
      last.value += `${'\n'.repeat(Math.max(gap, 1))}${next.value}`;
    } else if (last?.type === 'list' && next.type === 'list') {
      last.children.push(...next.children);
    } else {
      joined.push(next);
      continue;
    }
    if (last.position && end) last.position.end = end;
  }
  return joined;
}

/** The words of a paragraph; line breaks that were made on purpose, long before the margin, stay. */
function words(lines: readonly string[]): PhrasingContent[] {
  const early = lines
    .slice(1)
    .filter((next, at) => (lines[at] ?? '').length + (next.trim().split(/\s/)[0] ?? '').length < MARGIN);
  const trimmed = lines.map((line) => line.trim().replace(/^#+(?:\s|$)/, ''));
  if (early.length * 2 < lines.length) return [text(trimmed.join('\n'))];
  return trimmed.flatMap((line, at): PhrasingContent[] =>
    at === 0 ? [text(line)] : [{ type: 'break' }, text(line)],
  );
}
