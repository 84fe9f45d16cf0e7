// A passage as sections of quotable units: sentences, list items, table rows and code blocks.
import type { BlockContent, DefinitionContent, List, PhrasingContent, RootContent, Table } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString as plainText } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import type { NumberedPassage } from '../language-model.js';
import { inlineText, withoutUrls } from './inline.js';
import { sentences } from './sentences.js';

/** The smallest thing worth quoting. */
export interface Unit {
  readonly kind: 'sentence' | 'item' | 'row' | 'code';
  /** One line of Markdown without list or table marks; for code, the code. */
  readonly text: string;
  /** Of an item or a row: as much as a list of many has room for. */
  readonly brief?: string;
  /** Position in the section, from 0. */
  readonly index: number;
  /** Paragraph, list, table or code block it is part of; blocks are numbered through the section. */
  readonly block: number;
  /** Its number in an ordered list, or in a table whose rows are numbered. */
  readonly step?: number;
  /** Of a code block. */
  readonly language?: string;
}

/** What stands under one heading of a passage. */
export interface Section {
  readonly marker: number;
  /** The passage's place among all, 0 is the best. */
  readonly rank: number;
  /** Outermost first. The last says most about the units. "Options", "Usage" and the like are left out. */
  readonly headings: readonly string[];
  /** All words above the units, "Options" included. */
  readonly context: readonly string[];
  readonly units: readonly Unit[];
}

/** A passage is a few kB; what is longer is read this far. */
const LONGEST_PASSAGE = 8_000;

/** Nobody nests deeper on purpose. */
const DEEPEST_NESTING = 20;

/** Headings that name a part of a section, not a topic of their own. */
const PART_OF_SECTION =
  /^(?:(?:commands?|options?|arguments?|parameters?|switches|flags|usage|synopsis|syntax|description|notes?|returns?)(?: description)?|examples?(?: usage)?)\s*:?$/iu;

/** A list item or a table row is quoted up to this many words, in whole sentences. */
const LONGEST_ITEM_WORDS = 60;

/** Whether a code block can be written as a code span: a command without its options. */
export function fitsOneLine({ kind, text }: Unit): boolean {
  return kind === 'code' && text.trim().length <= LONGEST_CODE_SPAN && !/[\n`]/u.test(text.trim());
}

const LONGEST_CODE_SPAN = 120;

export function sectionsOf(passage: NumberedPassage, rank: number): Section[] {
  const parts = passage.title
    .split(' > ')
    .map(oneLine)
    .filter((part) => part !== '');
  const topics = parts.filter((part) => !PART_OF_SECTION.test(part));
  const title = topics.length > 0 ? topics : parts;
  const sections: Section[] = [];
  let units: Unit[] = [];
  let headings: string[] = title;
  let block = 0;
  let blocksSoFar = 0;
  const nextBlock = (): number => ++blocksSoFar;

  const flush = (): void => {
    if (units.length > 0)
      sections.push({ marker: passage.marker, rank, headings, context: [...parts, ...headings], units });
    units = [];
  };
  const add = (
    kind: Unit['kind'],
    text: string,
    more: Pick<Unit, 'step' | 'language' | 'brief'> = {},
  ): void => {
    if (/[\p{L}\p{N}]/u.test(text)) units.push({ kind, text, block, index: units.length, ...more });
  };

  const paragraph = (nodes: readonly PhrasingContent[]): void => {
    block = nextBlock();
    for (const sentence of sentences(inlineText(nodes))) add('sentence', sentence);
  };
  const list = ({ children, ordered, start }: List, depth: number): void => {
    const own = nextBlock();
    for (const [at, item] of children.entries()) {
      const [first, ...rest] = item.children;
      block = own;
      if (first?.type === 'paragraph') {
        const step = ordered ? { step: (start ?? 1) + at } : {};
        const all = sentences(inlineText(first.children));
        add('item', leadingSentences(all), { brief: all[0] ?? '', ...step });
        blocks(rest, depth);
      } else {
        blocks(item.children, depth);
      }
    }
  };
  const table = ({ children: [header, ...rows] }: Table): void => {
    block = nextBlock();
    const names = header?.children.map((cell) => inlineText(cell.children).markdown.trim()) ?? [];
    const cells = rows.map((row) => row.children.map((cell) => sentences(inlineText(cell.children))));
    const numbered = cells.length > 1 && cells.every(([first]) => /^\d{1,4}\.?$/u.test(first?.[0] ?? ''));
    for (const row of cells) {
      const [columns, told] = numbered ? [names.slice(1), row.slice(1)] : [names, row];
      const brief = rowLine(
        columns,
        told.map(([first = '']) => first),
      );
      const step = numbered ? { step: Number.parseInt(row[0]?.[0] ?? '', 10) } : {};
      add('row', rowLine(columns, told.map(leadingSentences)), { brief, ...step });
    }
  };
  const blocks = (
    nodes: readonly (RootContent | BlockContent | DefinitionContent)[],
    depth: number,
  ): void => {
    if (depth > DEEPEST_NESTING) return;
    for (const node of nodes) {
      if (node.type === 'heading') {
        const text = oneLine(plainText(node, { includeImageAlt: false, includeHtml: false }));
        if (text === '' || PART_OF_SECTION.test(text)) continue;
        flush();
        headings = [...title.filter((part) => part !== text), text];
      } else if (node.type === 'paragraph') {
        paragraph(node.children);
      } else if (node.type === 'list') {
        list(node, depth + 1);
      } else if (node.type === 'table') {
        table(node);
      } else if (node.type === 'blockquote') {
        blocks(node.children, depth + 1);
      } else if (node.type === 'code') {
        if (DIRECTIVE.test(node.lang ?? '')) {
          blocks(parse(node.value), depth + 1);
        } else {
          block = nextBlock();
          const language = node.lang && /^[\w+-]+$/u.test(node.lang) ? { language: node.lang } : {};
          add('code', node.value.replaceAll('\r', ''), language);
        }
      }
    }
  };

  blocks(parse(passage.text.slice(0, LONGEST_PASSAGE)), 0);
  flush();
  return sections;
}

/** MyST writes notes and warnings as fenced blocks; they are prose. */
const DIRECTIVE = /^\{(?!code|sourcecode)[\w-]+\}/iu;

/** So many list and quote marks in a row are no outline; the parser takes seconds for thousands of them. */
const MARKS_IN_A_ROW = /^(?:[ \t]*(?:>|[*+-][ \t]|\d{1,9}[.)][ \t])){8,}/gmu;

function parse(text: string): readonly RootContent[] {
  return fromMarkdown(text.replace(MARKS_IN_A_ROW, ''), {
    extensions: [gfm()],
    mdastExtensions: [gfmFromMarkdown()],
  }).children;
}

/** `name: value` for two columns; with more, each further cell says which column it is from. */
function rowLine(names: readonly string[], cells: readonly string[]): string {
  const filled = cells.map((text, at) => ({ text, name: names[at] ?? '' })).filter(({ text }) => text !== '');
  const [first, second, ...more] = filled;
  if (first === undefined || second === undefined) return first?.text ?? '';
  if (more.length === 0) return `${first.text}: ${second.text}`;
  return [
    first.text,
    ...[second, ...more].map(({ name, text }) => (name === '' ? text : `${name}: ${text}`)),
  ].join(' · ');
}

function leadingSentences(all: readonly string[]): string {
  const kept: string[] = [];
  let words = 0;
  for (const sentence of all) {
    words += sentence.split(' ').length;
    if (kept.length > 0 && words > LONGEST_ITEM_WORDS) break;
    kept.push(sentence);
  }
  return kept.join(' ');
}

function oneLine(text: string): string {
  return withoutUrls(text).replace(/\s+/gu, ' ').trim();
}
