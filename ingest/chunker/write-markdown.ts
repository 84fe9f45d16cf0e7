// A tree node back to Markdown, as plain as it can be: no URLs, no padding, escapes only where the text would change.
import type { RootContent } from 'mdast';
import { gfmToMarkdown } from 'mdast-util-gfm';
import { type Handle, type Options, toMarkdown } from 'mdast-util-to-markdown';
import { stripInvisible } from '../parsers/decode.js';

/**
 * Escapes what Markdown would take for markup, and nothing else: the writer's own escaping turns every `snake_case`
 * name into `snake\_case`, which neither a search nor a reader wants.
 */
export function escapeText(value: string, where: { inTable?: boolean; atLineStart?: boolean } = {}): string {
  let text = stripInvisible(value)
    .text.replace(/\\(?=[!-/:-@[-`{-~])/g, '\\\\')
    .replace(/`/g, '\\`')
    .replace(/<(?=[A-Za-z/!?])/g, '\\<')
    .replace(/&(?=#?\w+;)/g, '\\&')
    .replace(/\]\(/g, ']\\(')
    .replace(/\n[ \t]+/g, '\n')
    .replace(LINE_START, (match, indent, mark, at) =>
      at > 0 || where.atLineStart ? `${indent}\\${mark}` : match,
    )
    .replace(/^([ \t]*\d{1,9})([.)](?=\s|$))/gm, (match, number, stop, at) =>
      at > 0 || where.atLineStart ? `${number}\\${stop}` : match,
    );
  if ((text.match(/\*/g)?.length ?? 0) > 1) text = text.replace(/(?<=[^\s\\])\*|(?<!\\)\*(?=\S)/g, '\\*');
  if (/~[^~]*\S~/.test(text)) text = text.replace(/(?<!\\)~/g, '\\~');
  if ((text.match(LOOSE_UNDERSCORE)?.length ?? 0) > 1)
    text = text.replace(LOOSE_UNDERSCORE, (run) => '\\_'.repeat(run.length));
  return where.inTable ? text.replace(/\|/g, '\\|').replace(/\n/g, ' ') : text;
}

/** What would begin a heading, a quote, an item, an underline, a fence or a definition. */
const LINE_START = /^([ \t]*)(#{1,6}(?=\s|$)|>|[-+*](?=\s|$)|=+(?=\s*$)|-+(?=\s*$)|~~~|\[(?=[^\]\n]*\]:))/gm;

/** An underscore that is not inside a word, and so could mark emphasis. */
const LOOSE_UNDERSCORE = /(?<![\p{L}\p{N}_])_+(?=[^\s_])|(?<=[^\s_])_+(?![\p{L}\p{N}_])/gu;

const text: Handle = (node: { value: string }, _parent, state, info) =>
  escapeText(node.value, { inTable: state.stack.includes('tableCell'), atLineStart: info.before === '\n' });

/** The writer's own emphasis turns letters beside it into character references, which search would not find. */
function marked(marker: string): Handle {
  return (node, _parent, state, info) => {
    const inside = state.containerPhrasing(node, { ...info, before: marker, after: marker });
    return inside.trim() === '' ? inside : `${marker}${inside}${marker}`;
  };
}

const OPTIONS: Options = {
  bullet: '-',
  listItemIndent: 'one',
  fences: true,
  rule: '-',
  extensions: [gfmToMarkdown({ tablePipeAlign: false })],
  handlers: {
    text,
    emphasis: marked('*'),
    strong: marked('**'),
    link: (node, _parent, state, info) => state.containerPhrasing(node, info),
    linkReference: (node, _parent, state, info) => state.containerPhrasing(node, info),
    image: (node, _parent, state) =>
      escapeText(node.alt ?? '', { inTable: state.stack.includes('tableCell') }),
    imageReference: (node, _parent, state) =>
      escapeText(node.alt ?? '', { inTable: state.stack.includes('tableCell') }),
    // Two spaces, as a backslash at each line end would be read as part of the words.
    break: (_node, _parent, state) =>
      state.stack.some((part) => part === 'tableCell' || part === 'headingAtx') ? ' ' : '  \n',
    html: () => '',
    definition: () => '',
    footnoteReference: () => '',
  },
};

/** `node` as Markdown without a final line break; empty for a node without words. */
export function writeMarkdown(node: RootContent): string {
  return toMarkdown(node, OPTIONS).replace(/\n+$/, '');
}
