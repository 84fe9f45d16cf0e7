// An independent reading of a text that is about to be shown: what in it could be clicked, fetched, or ring a bell.
import type { Nodes } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { gfm } from 'micromark-extension-gfm';

const FORBIDDEN = new Set([
  'link',
  'image',
  'linkReference',
  'imageReference',
  'definition',
  'html',
  'footnoteReference',
  'footnoteDefinition',
]);
const LOUD_TEXT = [
  /[a-z][a-z0-9+.-]*:\/\/[\p{L}\p{N}[]/iu,
  /(?:^|[^a-z])(?:javascript|data|vbscript|mailto|file):\S/i,
  /\bwww\.\S/i,
  /[a-z0-9-]\.(?:com|org|net|io|evil|md)\b/i,
  /\S@\S+\.[a-z]{2}/i,
  /@(?:channel|here|everyone)\b/i,
  /<[!@#][^>\n]*>/,
  /<\/?at>/i,
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must be gone
  /[\u0000-\u0008\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff\u{e0000}-\u{e007f}]/u,
];

/** Everything a reader could click, fetch or be rung by, outside code; empty when there is nothing. */
export function dangers(markdown: string): string[] {
  const found: string[] = [];
  const walk = (node: Nodes): void => {
    if (FORBIDDEN.has(node.type)) found.push(node.type);
    if (node.type === 'text') {
      for (const pattern of LOUD_TEXT) if (pattern.test(node.value)) found.push(`${pattern}: ${node.value}`);
    }
    if (node.type === 'code' && (node.meta || /[^\w+#-]/.test(node.lang ?? '')))
      found.push(`fence ${node.lang}`);
    if ('children' in node) for (const child of node.children) walk(child);
  };
  walk(fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] }));
  return found;
}

/** The same for text that is shown as it is, not as Markdown. */
export function dangersInPlain(text: string): string[] {
  return [
    /:\/\/\S/,
    /<[@#!]|<\/?at\b/i,
    /@(?:channel|here|everyone)\b/i,
    /[\u200b-\u200f\u202a-\u202e\u{e0000}-\u{e007f}]/u,
    /\n/,
  ]
    .filter((pattern) => pattern.test(text))
    .map((pattern) => `${pattern}: ${text}`);
}
