// The sentences of an answer, with the markers each of them carries.
import type { Nodes, Parents } from 'mdast';
import { termsOf } from '../retrieval/lexical.js';
import { parseMarkdown } from '../safety/sanitise.js';

export interface Statement {
  /** Where it stands in the text. */
  readonly from: number;
  readonly to: number;
  /** Its stems, each once. */
  readonly terms: ReadonlySet<string>;
  /** Its markers, and where they stand. */
  readonly markers: readonly { readonly number: number; readonly from: number; readonly to: number }[];
  /** Markers of the sentence that announces the list it stands in; they count where it has none of its own. */
  readonly announced: readonly number[];
  /** Whether it states something that can be true or false of the documents. */
  readonly claim: boolean;
}

/** A marker in the one form that is kept. */
export const MARKER = / ?\[(\d{1,2})\]/g;

/** Fewer stems than this say nothing that could be checked: "Yes.", "In short:". */
const LEAST_TERMS = 3;

const END = /[.!?]["'”’)*_]*(?:\s*\[\d{1,2}\])*(?:\s+|$)|[。！？](?:\s*\[\d{1,2}\])*\s*/g;
const GOES_ON =
  /(?:^|[\s(])(?:e\.g|i\.e|etc|vs|cf|figs?|eq|sec|nos?|approx|resp|incl|ref|ch|al|dr|mr|ms|[A-Za-z])\.\s*$/i;
/** What is said about the documents themselves: that they do not hold something. */
const ABOUT_THE_DOCUMENTS =
  /\b(?:passages?|documents?|documentation|sources?|excerpts?|context)\b[^.]*\b(?:not|no|nothing|lacks?|missing|without|only|silent|neither)\b|\b(?:not|nothing|neither)\b[^.]*\b(?:passages?|documents?|documentation|sources?|excerpts?|context)\b|^(?:unfortunately|i|we)\b/i;

/** The stems of a text, each once, without pairs of words. */
export function stemsOf(text: string): Set<string> {
  return new Set(termsOf(text).filter((term) => !term.includes(' ')));
}

/** The statements of a Markdown text in order: sentences of paragraphs and list items, rows of tables, and headings, which claim nothing. Code has none. */
export function statementsOf(markdown: string): Statement[] {
  const mask = maskCode(markdown);
  const found: Statement[] = [];
  const visit = (node: Nodes, announced: readonly number[]): void => {
    if (node.type === 'paragraph') {
      const [from, to] = rangeOf(node);
      for (const [start, end] of sentences(mask.slice(from, to)))
        found.push(statement(from + start, from + end, announced));
    } else if (node.type === 'table') {
      node.children.forEach((row, at) => {
        found.push(statement(...rangeOf(row), [], at > 0));
      });
    } else if (node.type === 'heading') found.push(statement(...rangeOf(node), [], false));
    else if ('children' in node) visitAll(node, announced);
  };
  const visitAll = (parent: Parents, announced: readonly number[]): void => {
    parent.children.forEach((child, at) => {
      const before = parent.children[at - 1];
      visit(
        child,
        child.type === 'list' && before?.type === 'paragraph'
          ? announcedBy(mask.slice(...rangeOf(before)))
          : announced,
      );
    });
  };
  const statement = (from: number, to: number, announced: readonly number[], claims = true): Statement => {
    const shown = mask.slice(from, to);
    const markers = [...shown.matchAll(MARKER)].map((match) => ({
      number: Number(match[1]),
      from: from + match.index,
      to: from + match.index + match[0].length,
    }));
    const bare = shown.replace(MARKER, '').trim();
    const terms = stemsOf(markdown.slice(from, to).replace(MARKER, ''));
    const idle = /[?？]\W*$/.test(bare) || (/[:：]\W*$/.test(bare) && markers.length === 0);
    const claim =
      claims &&
      terms.size >= LEAST_TERMS &&
      !idle &&
      !(markers.length === 0 && ABOUT_THE_DOCUMENTS.test(bare));
    return { from, to, terms, markers, announced, claim };
  };
  visit(parseMarkdown(markdown), []);
  return found;
}

/** Where the sentences of a paragraph begin and end; code in it must be masked. */
export function sentences(paragraph: string): [number, number][] {
  const found: [number, number][] = [];
  let start = 0;
  for (const match of paragraph.matchAll(END)) {
    const end = match.index + match[0].length;
    if (
      /^\p{Ll}/u.test(paragraph.slice(end, end + 1)) ||
      GOES_ON.test(paragraph.slice(start, match.index + 1))
    )
      continue;
    found.push([start, end]);
    start = end;
  }
  if (paragraph.slice(start).trim() !== '') found.push([start, paragraph.length]);
  return found;
}

/** The text with every character of its code replaced, so that no dot or bracket in code is read as prose. */
function maskCode(markdown: string): string {
  let mask = '';
  const visit = (node: Nodes): void => {
    if (node.type === 'inlineCode' || node.type === 'code') {
      const [from, to] = rangeOf(node);
      mask += markdown.slice(mask.length, from) + markdown.slice(from, to).replace(/[^\n]/g, 'X');
    } else if ('children' in node) node.children.forEach(visit);
  };
  visit(parseMarkdown(markdown));
  return mask + markdown.slice(mask.length);
}

function announcedBy(paragraph: string): number[] {
  const last = paragraph.slice(sentences(paragraph).at(-1)?.[0] ?? 0);
  return /:\W*$/.test(last.replace(MARKER, ''))
    ? [...last.matchAll(MARKER)].map((match) => Number(match[1]))
    : [];
}

function rangeOf(node: Nodes): [number, number] {
  return [node.position?.start.offset ?? 0, node.position?.end.offset ?? 0];
}
