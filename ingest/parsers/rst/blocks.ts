// Block structure of reStructuredText: sections, paragraphs, lists, literal blocks and tables as mdast.
import type { Heading, PhrasingContent, RootContent } from 'mdast';
import { code, heading, item, list, paragraph, text } from '../nodes.js';
import { type Context, DEEPEST, inside, type Place } from './context.js';
import {
  described,
  directiveAt,
  directiveNodes,
  drawnTable,
  isDefinition,
  signatures,
} from './directives.js';
import { inline, unescaped } from './inline.js';
import { dedent, indentOf, joined, type Line, spanOf, takeIndented } from './lines.js';
import { GRID_BORDER, gridTable, LONGEST_TABLE, SIMPLE_BORDER, simpleTable } from './tables.js';

const ADORNMENT = /^([!-/:-@[-`{-~])\1+$/;
const BULLET = /^([-*+•])(?:\s+|$)/;
const ENUMERATOR =
  /^(?:\((?:\d{1,4}|[a-zA-Z]|#|[ivxIVX]{2,5})\)|(?:\d{1,4}|[a-zA-Z]|#|[ivxIVX]{2,5})[.)])(?:\s+|$)/;
const FIELD = /^:(?![\s:])((?:[^:\\`]|\\.|:(?!\s|$|`)){1,80}):(?:\s+|$)/;
const OPTION_LIST =
  /^((?:-\w(?: ?<?[\w-]+>?)?|--[\w][\w-]*(?:[ =][<[]?[\w-]+[>\]]?)?|\/[A-Z])(?:, (?:-\w(?: ?<?[\w-]+>?)?|--[\w][\w-]*(?:[ =][<[]?[\w-]+[>\]]?)?))*)(?:\s{2,}(\S.*))?$/;
const FOOTNOTE = /^\.\. \[([\w#.*-]+)\]\s+(\S.*)$/;
const BIBLIOGRAPHIC = /^(?:orphan|tocdepth|nocomments|nosearch|no-search)$/;

/** Reads `lines` as blocks. `context.read` is this, bound to the context. */
export function readBlocks(lines: readonly Line[], context: Context, place: Place): RootContent[] {
  if (place.nesting > DEEPEST) {
    return lines.length === 0 ? [] : [paragraph([text(joined(lines))], spanOf(lines))];
  }
  return new BlockReader(lines, context, place).read();
}

class BlockReader {
  readonly #lines: readonly Line[];
  readonly #context: Context;
  readonly #place: Place;
  readonly #nodes: RootContent[] = [];
  /** Definitions that share the next one's body. */
  #names: Line[] = [];
  /** The heading that a definition took the text from, until it is named again. */
  #interrupted: Heading | undefined;
  #own: Heading | undefined;
  #at = 0;
  /** Up to here a simple table was looked for in vain: no other that begins before it closes either. */
  #unclosed = 0;

  constructor(lines: readonly Line[], context: Context, place: Place) {
    this.#lines = lines;
    this.#context = context;
    this.#place = place;
    this.#own = place.flat ? context.section : undefined;
  }

  read(): RootContent[] {
    while (this.#at < this.#lines.length) this.#block();
    this.#flushNames();
    return this.#nodes;
  }

  #block(): void {
    const line = this.#lines[this.#at] as Line;
    if (line.text === '') this.#at += 1;
    else if (indentOf(line.text) > 0) this.#quote();
    else if (/^(?:\.\.|__)(?:\s|$)/.test(line.text)) this.#explicit(line);
    else if (!this.#title(line) && !this.#table(line) && !this.#items(line)) this.#text(line);
  }

  /** Adds content; after a definition's body, its section's heading is repeated, as nothing else ends the body. */
  #push(...nodes: RootContent[]): void {
    if (nodes.length === 0) return;
    this.#flushNames();
    const line = nodes[0]?.position?.start.line;
    if (this.#interrupted !== undefined && line !== undefined)
      this.#nodes.push(
        heading(this.#interrupted.depth, this.#interrupted.children, { start: line, end: line }),
      );
    this.#interrupted = undefined;
    this.#nodes.push(...nodes);
  }

  #quote(): void {
    const { body, next } = takeIndented(this.#lines, this.#at);
    this.#at = next;
    this.#push(...this.#context.read(body, inside(this.#place)));
  }

  #explicit(line: Line): void {
    const found = directiveAt(this.#lines, this.#at);
    const { body, next } = takeIndented(this.#lines, this.#at + 1);
    // An empty comment does not swallow a block that a blank line sets apart.
    this.#at = line.text === '..' && this.#lines[this.#at + 1]?.text === '' ? this.#at + 1 : next;
    const footnote = FOOTNOTE.exec(line.text);
    if (found !== undefined && isDefinition(found.directive)) {
      this.#definition(found.directive.arguments, found.directive.content, found.directive.lines);
    } else if (found !== undefined && !line.text.startsWith('.. |')) {
      this.#push(...directiveNodes(found.directive, this.#context, this.#place));
    } else if (footnote !== null) {
      const words = [{ text: footnote[2] ?? '', no: line.no }, ...body];
      const [first, ...rest] = this.#context.read(words, inside(this.#place));
      if (first?.type === 'paragraph')
        first.children.unshift(text(`[${(footnote[1] ?? '').replace(/^#(?=.)/, '')}] `));
      this.#push(...(first === undefined ? [] : [first, ...rest]));
    }
  }

  #definition(
    names: readonly Line[],
    content: readonly Line[],
    { start, end }: { start: number; end: number },
  ): void {
    this.#names.push(...names);
    if (content.length === 0) return;
    const all = this.#names;
    this.#names = [];
    if (!this.#place.flat) {
      const body = this.#context.read(content, inside(this.#place));
      this.#push(described(signatures(all), body, { start: all[0]?.no ?? start, end }));
      return;
    }
    this.#defined(all);
    const depth = this.#place.definitions + 1;
    const outer = this.#context.section;
    this.#context.section = this.#nodes.at(-1) as Heading;
    this.#nodes.push(
      ...this.#context.read(content, {
        ...this.#place,
        definitions: depth,
        nesting: this.#place.nesting + 1,
      }),
    );
    this.#context.section = outer;
  }

  #defined(names: readonly Line[]): void {
    const depth = this.#context.depth + this.#place.definitions + 1;
    this.#nodes.push(heading(depth, signatures(names), spanOf(names)));
    this.#interrupted = this.#own;
  }

  #flushNames(): void {
    const names = this.#names;
    this.#names = [];
    if (names.length === 0) return;
    if (this.#place.flat) this.#defined(names);
    else this.#nodes.push(paragraph(signatures(names), spanOf(names)));
  }

  #title(line: Line): boolean {
    const below = this.#lines[this.#at + 1];
    const after = this.#lines[this.#at + 2];
    const over = ADORNMENT.test(line.text);
    if (
      over &&
      below !== undefined &&
      below.text !== '' &&
      after?.text === line.text &&
      line.text.length > 2
    ) {
      this.#at += 3;
      return this.#section(below, `${line.text[0]}over`, { start: line.no, end: after.no });
    }
    if (over && line.text.length > 3 && (below?.text ?? '') === '') {
      this.#at += 1; // a transition: a line to look at
      return true;
    }
    const under = below !== undefined && ADORNMENT.test(below.text) && !/^(?:::|\.\.)$/.test(below.text);
    if (over || !under || (below.text.length < line.text.length && below.text.length < 4)) return false;
    this.#at += 2;
    return this.#section(line, below.text[0] ?? '', { start: line.no, end: below.no });
  }

  #section(title: Line, style: string, lines: { start: number; end: number }): true {
    const words = inline(title.text.trim(), this.#context);
    if (!this.#place.flat) {
      this.#push(paragraph([{ type: 'strong', children: words }], lines));
      return true;
    }
    this.#flushNames();
    if (!this.#context.styles.includes(style)) this.#context.styles.push(style);
    this.#context.depth = this.#context.styles.indexOf(style) + 1;
    const node = heading(this.#context.depth, words, lines);
    this.#context.section = node;
    this.#own = node;
    this.#interrupted = undefined;
    this.#nodes.push(node);
    return true;
  }

  #table(line: Line): boolean {
    const mayOpen = this.#at >= this.#unclosed && SIMPLE_BORDER.test(line.text);
    const simple = mayOpen ? simpleTable(this.#lines, this.#at) : undefined;
    if (mayOpen && simple === undefined) this.#unclosed = this.#at + LONGEST_TABLE;
    const drawn = GRID_BORDER.test(line.text) ? gridTable(this.#lines, this.#at) : simple;
    if (drawn === undefined) return false;
    this.#at = drawn.next;
    if (drawn.rows.length > 0) this.#push(drawnTable(drawn.rows, this.#context, this.#place));
    return true;
  }

  #items(line: Line): boolean {
    if (BULLET.test(line.text)) return this.#list(BULLET, false);
    if (ENUMERATOR.test(line.text) && this.#isEnumerated()) return this.#list(ENUMERATOR, true);
    const field = FIELD.exec(line.text);
    if (field !== null) return this.#field(line, field);
    const option = OPTION_LIST.exec(line.text);
    const below = this.#lines[this.#at + 1]?.text ?? '';
    if (option !== null && (option[2] !== undefined || indentOf(below) > 0))
      return this.#option(line, option);
    if (/^\|(?:\s|$)/.test(line.text)) return this.#lineBlock();
    if (/^>>> /.test(line.text)) return this.#doctest();
    return false;
  }

  /** `A. Smith` begins a sentence: a list goes on with a blank, an indented or another numbered line. */
  #isEnumerated(): boolean {
    const below = this.#lines[this.#at + 1]?.text ?? '';
    return below === '' || indentOf(below) > 0 || ENUMERATOR.test(below);
  }

  #list(marker: RegExp, ordered: boolean): true {
    const items = [];
    for (;;) {
      const line = this.#lines[this.#at];
      const mark = marker.exec(line?.text ?? '');
      if (line === undefined || mark === null) break;
      const { next } = takeIndented(this.#lines, this.#at + 1);
      const width = Math.max(mark[0].length, 2);
      const own = this.#lines.slice(this.#at + 1, next);
      const rest = own.map(({ text: words, no }) => ({
        text: words.slice(Math.min(width, indentOf(words))),
        no,
      }));
      const first = line.text.slice(mark[0].length);
      const body = first === '' ? dedent(own) : [{ text: first, no: line.no }, ...rest];
      const children = this.#context.read(body, inside(this.#place));
      items.push(item(children, { start: line.no, end: this.#lines[next - 1]?.no ?? line.no }));
      this.#at = next;
      while (this.#lines[this.#at]?.text === '' && marker.test(this.#nextText())) this.#at += 1;
    }
    this.#push(list(ordered, items));
    return true;
  }

  #nextText(): string {
    let at = this.#at;
    while (this.#lines[at]?.text === '') at += 1;
    return this.#lines[at]?.text ?? '';
  }

  #field(line: Line, field: RegExpExecArray): true {
    const { body, next } = takeIndented(this.#lines, this.#at + 1);
    this.#at = next;
    const rest = line.text.slice(field[0].length);
    const content = [...(rest === '' ? [] : [{ text: rest, no: line.no }]), ...body];
    const name = unescaped(field[1] ?? '');
    const hidden = this.#place.nesting === 0 && this.#nodes.length === 0 && BIBLIOGRAPHIC.test(name);
    if (!hidden) this.#describe([{ type: 'strong', children: [text(name)] }], content, line);
    return true;
  }

  #option(line: Line, option: RegExpExecArray): true {
    const { body, next } = takeIndented(this.#lines, this.#at + 1);
    this.#at = next;
    const first = option[2] === undefined ? [] : [{ text: option[2], no: line.no }];
    this.#describe([{ type: 'inlineCode', value: option[1] ?? '' }], [...first, ...body], line);
    return true;
  }

  /** Items of one kind that follow each other are one list. */
  #describe(name: PhrasingContent[], content: readonly Line[], line: Line): void {
    const end = this.#lines[this.#at - 1]?.no ?? line.no;
    const body = this.#context.read(content, inside(this.#place));
    const node = described(name, body, { start: line.no, end });
    const last = this.#nodes.at(-1);
    if (node.type === 'list' && last?.type === 'list' && !last.ordered && this.#interrupted === undefined) {
      last.children.push(...node.children);
      if (last.position) last.position.end.line = end;
    } else {
      this.#push(node);
    }
  }

  #lineBlock(): true {
    const start = this.#at;
    while (/^(?:\||\s+\S)/.test(this.#lines[this.#at]?.text ?? '')) this.#at += 1;
    const block = this.#lines.slice(start, this.#at);
    const words = block.flatMap((line, at): PhrasingContent[] => {
      const children = inline(line.text.replace(/^\|?\s*/, ''), this.#context);
      return at === 0 ? children : [{ type: 'break' }, ...children];
    });
    this.#push(paragraph(words, spanOf(block)));
    return true;
  }

  #doctest(): true {
    const start = this.#at;
    while ((this.#lines[this.#at]?.text ?? '') !== '') this.#at += 1;
    const block = this.#lines.slice(start, this.#at);
    this.#push(code(joined(block), 'python', spanOf(block)));
    return true;
  }

  /** A paragraph, with the literal block it announces, or a term and its definition. */
  #text(line: Line): void {
    const below = this.#lines[this.#at + 1]?.text ?? '';
    if (indentOf(below) > 0 && !line.text.endsWith('::')) {
      const { body, next } = takeIndented(this.#lines, this.#at + 1);
      this.#at = next;
      const [term = '', ...classifiers] = line.text.split(/ : /);
      const words = inline([term, ...classifiers].join(' : '), this.#context);
      const marked = words.some((word) => word.type === 'inlineCode' || word.type === 'strong');
      this.#describe(marked ? words : [{ type: 'strong', children: words }], body, line);
      return;
    }
    const start = this.#at;
    this.#at += 1;
    while (this.#continues(start)) this.#at += 1;
    const block = this.#lines.slice(start, this.#at);
    const literal = block.at(-1)?.text.endsWith('::') ?? false;
    const words = joined(block);
    const shown = literal ? words.replace(/(?:^|\s+)::$/, '').replace(/::$/, ':') : words;
    const children = inline(shown, this.#context);
    if (children.some((node) => node.type !== 'text' || node.value.trim() !== ''))
      this.#push(paragraph(children, spanOf(block)));
    if (literal) this.#literal();
  }

  /** Whether the paragraph that began at `start` goes on with the current line. */
  #continues(start: number): boolean {
    const { text: words = '' } = this.#lines[this.#at] ?? {};
    if (words === '' || /^\.\. +\S/.test(words)) return false;
    return !(
      (this.#lines[this.#at - 1]?.text ?? '').endsWith('::') &&
      indentOf(words) > 0 &&
      this.#at > start
    );
  }

  #literal(): void {
    const { body, next } = takeIndented(this.#lines, this.#at);
    if (body.length === 0) return;
    this.#at = next;
    this.#push(code(joined(body), this.#context.language, spanOf(body)));
  }
}
