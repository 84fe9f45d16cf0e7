// A tree node back to Markdown, as plain as it can be: no URLs, no padding, escapes only where the text would change.
import type { RootContent } from 'mdast';
import { gfmToMarkdown } from 'mdast-util-gfm';
import { type Handle, type Options, toMarkdown } from 'mdast-util-to-markdown';

/** Control, bidi, zero-width and tag characters: nobody sees them, so nobody shall be answered from them. */
const INVISIBLE =
  // biome-ignore lint/suspicious/noControlCharactersInRegex: these are the characters to take out
  /[\u0000-\u0008\u000B\u000C\u000E-\u001F\u007F-\u009F\u00AD\u200B-\u200F\u202A-\u202E\u2060-\u2069\uFEFF\u{E0000}-\u{E007F}]/gu;

/** `text` without characters that cannot be seen. */
export function visible(text: string): string {
  return text.replace(INVISIBLE, '');
}

/**
 * Escapes what Markdown would take for markup, and nothing else: the writer's own escaping turns every `snake_case`
 * name into `snake\_case`, which neither a search nor a reader wants.
 */
export function escapeText(value: string, inTable: boolean): string {
  let text = visible(value)
    .replace(/\\(?=[!-/:-@[-`{-~])/g, '\\\\')
    .replace(/`/g, '\\`')
    .replace(/<(?=[A-Za-z/!?])/g, '\\<')
    .replace(/&(?=#?\w+;)/g, '\\&')
    .replace(/\]\(/g, ']\\(')
    .replace(/\n[ \t]+/g, '\n')
    .replace(
      /^([ \t]*)(#{1,6}(?=\s|$)|>|[-+](?=\s|$)|=+(?=\s*$)|-+(?=\s*$)|~~~|\[(?=[^\]\n]*\]:))/gm,
      '$1\\$2',
    )
    .replace(/^([ \t]*\d{1,9})([.)](?=\s|$))/gm, '$1\\$2');
  if ((text.match(/\*/g)?.length ?? 0) > 1) text = text.replace(/(?<=\S)\*|\*(?=\S)/g, '\\*');
  else text = text.replace(/^([ \t]*)\*(?=\s|$)/gm, '$1\\*');
  if ((text.match(/~/g)?.length ?? 0) > 1) text = text.replace(/(?<!\\)~/g, '\\~');
  const loose = /(?<![\p{L}\p{N}_])_+(?=[^\s_])|(?<=[^\s_])_+(?![\p{L}\p{N}_])/gu;
  if ((text.match(loose)?.length ?? 0) > 1) text = text.replace(loose, (run) => '\\_'.repeat(run.length));
  return inTable ? text.replace(/\|/g, '\\|').replace(/\n/g, ' ') : text;
}

const text: Handle = (node: { value: string }, _parent, state) =>
  escapeText(node.value, state.stack.includes('tableCell'));

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
    image: (node, _parent, state) => escapeText(node.alt ?? '', state.stack.includes('tableCell')),
    imageReference: (node, _parent, state) => escapeText(node.alt ?? '', state.stack.includes('tableCell')),
    html: () => '',
    definition: () => '',
    footnoteReference: () => '',
  },
};

/** `node` as Markdown without a final line break; empty for a node without words. */
export function writeMarkdown(node: RootContent): string {
  return toMarkdown(node, OPTIONS).replace(/\n+$/, '');
}
