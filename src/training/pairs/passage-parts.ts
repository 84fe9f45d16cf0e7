// A passage taken apart into what questions are made of: sentences of prose, and names with their descriptions.
import type { List, Nodes, RootContent, Table } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString as textOf } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';

export interface Sentence {
  /** One line; names in backticks, no other markup. */
  readonly text: string;
  /** As it stands in the passage. */
  readonly raw: string;
}

/** A row of a table or an item of a list that says what something is: `-density`: set the target density. */
export interface Entry {
  readonly name: string;
  readonly sentences: readonly Sentence[];
  readonly raw: string;
}

export interface PassageParts {
  readonly sentences: readonly Sentence[];
  readonly entries: readonly Entry[];
  /** Headings inside the passage, for small sections that share one. */
  readonly headings: readonly string[];
}

/** A passage is a few kB; what is longer is read this far. */
const LONGEST_PASSAGE = 8_000;

/** Nobody nests deeper on purpose. */
const DEEPEST_NESTING = 8;

/** So many list and quote marks in a row are no outline; the parser takes seconds for thousands of them. */
const MARKS_IN_A_ROW = /^(?:[ \t]*(?:>|[*+-][ \t]|\d{1,9}[.)][ \t])){8,}/gmu;

export function partsOf(passage: string): PassageParts {
  const text = passage.slice(0, LONGEST_PASSAGE).replace(MARKS_IN_A_ROW, (marks) => ' '.repeat(marks.length));
  const sentences: Sentence[] = [];
  const entries: Entry[] = [];
  const headings: string[] = [];
  const slice = ({ position }: Nodes) => text.slice(position?.start.offset, position?.end.offset);
  const entry = (name: string, raw: string, description: string) => {
    const told = splitSentences(description);
    if (isName(name) && told.length > 0) entries.push({ name: plain(name), sentences: told, raw });
  };
  const table = ({ children: [, ...rows] }: Table) => {
    for (const row of rows) {
      const [name = '', ...cells] = row.children.map((cell) =>
        slice(cell)
          .replace(/^\s*\||\|\s*$/g, '')
          .trim(),
      );
      // The longest cell describes: the others are types, defaults and units.
      const description = cells.reduce((best, cell) => (cell.length > best.length ? cell : best), '');
      entry(name, slice(row), description);
    }
  };
  const list = ({ children }: List, depth: number) => {
    for (const item of children) {
      const [first] = item.children;
      if (first?.type !== 'paragraph') continue;
      const raw = slice(first);
      const named = NAMED_ITEM.exec(raw);
      if (named?.groups === undefined) sentences.push(...splitSentences(raw));
      else entry(named.groups.name ?? '', raw, named.groups.rest ?? '');
      blocks(item.children.slice(1), depth + 1);
    }
  };
  const blocks = (nodes: readonly RootContent[], depth: number) => {
    if (depth > DEEPEST_NESTING) return;
    for (const node of nodes) {
      if (node.type === 'paragraph') sentences.push(...splitSentences(slice(node)));
      else if (node.type === 'heading') headings.push(plain(textOf(node)));
      else if (node.type === 'table') table(node);
      else if (node.type === 'list') list(node, depth);
      else if (node.type === 'blockquote') blocks(node.children, depth + 1);
    }
  };
  const tree = fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  blocks(tree.children, 0);
  return { sentences, entries, headings };
}

/** "`-density`: Set ...", "**Density** - The ...", "`name` (string): ...": what is named, and what is said of it. */
const NAMED_ITEM =
  /^(?<name>\*\*[^*\n]{2,60}\*\*|`[^`\n]{1,60}`(?:(?:,| or|\/) ?`[^`\n]{1,60}`)?)(?: ?\([^)\n]{1,40}\))?\s*(?::|[-–—]|\s(?=[A-Z]))\s*(?<rest>\S[\s\S]*)$/u;

function isName(text: string): boolean {
  const name = plain(text);
  return /\p{L}{2}/u.test(name) && name.length <= 60 && name.split(' ').length <= 5;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'sentence' });

/** Endings after which a sentence goes on although the Unicode rules see an end. */
const GOES_ON =
  /(?:^|[\s(])(?:e\.g|i\.e|vs|cf|figs?|eq|sec|nos?|approx|resp|incl|ref|ch|vol|al|etc|[A-Za-z])\.\s*$/iu;

/** The sentences of a stretch of Markdown without blocks. */
export function splitSentences(markdown: string): Sentence[] {
  const found: Sentence[] = [];
  // A full stop inside code ends no sentence.
  const mask = markdown.replace(/`[^`]*`/g, (code) => 'x'.repeat(code.length)).replace(/\n/g, ' ');
  let start = 0;
  let end = 0;
  for (const { segment } of segmenter.segment(mask)) {
    end += segment.length;
    if (end < mask.length && (GOES_ON.test(mask.slice(start, end)) || /^[\p{Ll},;)]/u.test(mask.slice(end))))
      continue;
    const raw = markdown.slice(start, end).trim();
    start = end;
    if (/\p{L}{2}/u.test(raw)) found.push({ raw, text: plain(raw) });
  }
  return found;
}

/** Inline Markdown as one line in which only code spans are markup. */
export function plain(markdown: string): string {
  return markdown
    .replace(/!?\[([^\]]*)\]\([^)\s]*\)/g, '$1')
    .replace(/<br\s*\/?>/gi, ' ')
    .replace(/(\*\*|__)(?=\S)(.*?\S)\1/g, '$2')
    .replace(/(?<![\w*])[*_](?=\S)([^*_]*[^*_\s])[*_](?![\w*])/g, '$1')
    .replace(/\\([!-/:-@[-`{-~])/g, '$1')
    .replace(/&32;|&nbsp;/g, ' ')
    .replace(/\s+/g, ' ')
    .trim();
}
