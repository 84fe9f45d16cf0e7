// Inline Markdown to text that can stand alone: code spans stay, links keep their words, images, HTML and URLs are gone.
import type { PhrasingContent } from 'mdast';

/** Text of a paragraph, cell or item. */
export interface InlineText {
  /** Markdown in which nothing but code spans is markup: everything else is escaped. One line. */
  readonly markdown: string;
  /** As long as `markdown`, with code spans masked, so that a full stop inside code ends no sentence. */
  readonly mask: string;
}

export const ELLIPSIS = '…';

const URL = /[a-z][a-z0-9+.-]{0,20}:\/\/[^\s)\]>"'`]*|(?<![a-z0-9])www\.[^\s)\]>"'`]+/giu;

/** A URL in a quote would be a link that no index vouches for. */
export function withoutUrls(text: string): string {
  return text.replace(URL, ELLIPSIS);
}

/** From an opening run of backticks, itself not escaped, to the next run as long. */
const CODE_SPAN = /(?<![\\`])(`+)(?!`)[^`]*\1(?!`)/gu;

/** The same for a line of Markdown: in code spans a URL is part of a command to copy, and never a link. */
export function withoutLinks(line: string): string {
  let kept = '';
  let from = 0;
  for (const { 0: code, index } of line.matchAll(CODE_SPAN)) {
    kept += withoutUrls(line.slice(from, index)) + code;
    from = index + code.length;
  }
  return kept + withoutUrls(line.slice(from));
}

export function inlineText(nodes: readonly PhrasingContent[]): InlineText {
  let markdown = '';
  let mask = '';
  const walk = (node: PhrasingContent): void => {
    if (node.type === 'text') {
      const text = escaped(withoutUrls(node.value.replace(LEFTOVERS, '').replace(/\s+/gu, ' ')));
      markdown += text;
      mask += text;
    } else if (node.type === 'inlineCode') {
      const code = codeSpan(node.value.replace(/\\\s*\n|\s+/gu, ' ').replace(/ {2,}/gu, ' '));
      markdown += code;
      mask += `x${'_'.repeat(Math.max(0, code.length - 2))}x`.slice(0, code.length);
    } else if (node.type === 'break') {
      markdown += ' ';
      mask += ' ';
    } else if ('children' in node) {
      for (const child of node.children) walk(child);
    }
  };
  for (const node of nodes) walk(node);
  return { markdown, mask };
}

/** Footnote marks, and the fences of MyST directives, which lead nowhere in a quote. */
const LEFTOVERS = /\[\^[^\]\s]*\]|^\s*:{3,}(?:\{[\w-]+\})?/gmu;

/** What would be read as markup again. An underscore inside a word never is; `[1]` would be read as a citation. */
const MARKUP = /[\\`*[\]<~]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])/gu;

/** Plain text as Markdown. */
export function escaped(text: string): string {
  return text.replace(MARKUP, '\\$&');
}

/** A code span that holds `code` whatever backticks it has. */
function codeSpan(code: string): string {
  if (code.trim() === '') return '';
  const longest = Math.max(0, ...Array.from(code.matchAll(/`+/gu), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 ? ' ' : '';
  return `${fence}${pad}${code}${pad}${fence}`;
}
