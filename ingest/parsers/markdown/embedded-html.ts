// HTML inside Markdown: tables and text are kept, tags go, and what only looks like a tag (`<file>`) stays text.
import type { Root as HtmlRoot } from 'hast';
import type { Root, RootContent } from 'mdast';
import rehypeParse from 'rehype-parse';
import rehypeRemark from 'rehype-remark';
import { unified } from 'unified';
import { visit } from 'unist-util-visit';

const ELEMENTS = new Set(
  (
    'a abbr b big blockquote body br caption center cite code col colgroup dd del details dfn div dl dt em figcaption figure ' +
    'font footer h1 h2 h3 h4 h5 h6 head header hr html i iframe img ins kbd li link main mark meta nav nobr ol p picture ' +
    'pre q s samp script section small span strike strong style sub summary sup svg table tbody td tfoot th thead tr tt ' +
    'u ul video audio wbr'
  ).split(' '),
);
const TAG = /<(\/?)([A-Za-z][\w:-]*)((?:\s[^<>]*)?)>/g;
const BLOCK_TAG = /<\/?(?:td|th|tr|li|p|br|div|dt|dd|summary|h[1-6])\b/gi;

const fromHtml = unified().use(rehypeParse, { fragment: true }).use(rehypeRemark, { document: false });

/** `html` with the brackets of placeholders such as `<file>` escaped; real tags as they were. */
function keepPlaceholders(html: string): string {
  return html.replace(TAG, (tag: string, _slash: string, name: string) =>
    ELEMENTS.has(name.toLowerCase()) ? tag : tag.replace('<', '&lt;').replace('>', '&gt;'),
  );
}

/** The blocks of a piece of HTML that begins on `line`, which may be half of an element. */
export function htmlBlocks(html: string, line: number): RootContent[] {
  const source = keepPlaceholders(html.replace(/<!--[\s\S]*?(?:-->|$)/g, '')).replace(BLOCK_TAG, ' $&');
  if (source.trim() === '') return [];
  const hast = fromHtml.parse(source) as HtmlRoot;
  visit(hast, 'element', (node, index, parent) => {
    const style = String(node.properties.style ?? '');
    const hidden = node.properties.hidden !== undefined || /display:\s*none|visibility:\s*hidden/.test(style);
    if (!hidden || parent === undefined || index === undefined) return undefined;
    parent.children.splice(index, 1);
    return index;
  });
  const tree = fromHtml.runSync(hast) as Root;
  const last = line + html.split('\n').length - 1;
  visit(tree, (node) => {
    const start = Math.min(last, line + (node.position?.start.line ?? 1) - 1);
    const end = Math.min(last, line + (node.position?.end.line ?? 1) - 1);
    node.position = { start: { line: start, column: 1 }, end: { line: Math.max(start, end), column: 1 } };
  });
  return tree.children;
}

/** What a single tag inside a line leaves behind: nothing, a space for `<br>`, an image's words, or itself as text. */
export function htmlText(tag: string): string {
  if (tag.startsWith('<!')) return '';
  const name = /^<\/?([A-Za-z][\w:-]*)/.exec(tag)?.[1]?.toLowerCase() ?? '';
  if (!ELEMENTS.has(name)) return tag;
  if (name === 'br') return ' ';
  return name === 'img' ? (/\balt\s*=\s*"([^"]*)"/i.exec(tag)?.[1] ?? '') : '';
}
