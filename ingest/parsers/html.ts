// HTML as mdast: the main part of the page, without anything a reader does not see.
import type { Element, Root as HtmlRoot, Nodes } from 'hast';
import type { Root, RootContent } from 'mdast';
import { toString as plainText } from 'mdast-util-to-string';
import rehypeParse from 'rehype-parse';
import rehypeRemark from 'rehype-remark';
import { unified } from 'unified';
import { ChipwrightError } from '../../src/errors.js';
import type { ParsedDocument, Parser } from '../parsed-document.js';
import { decodeText, stripInvisible, strippedWarning } from './decode.js';
import { dropUnseen } from './hidden-html.js';
import { titleOf } from './nodes.js';

/** An HTML page. Positions are lines. */
export const parseHtml: Parser = async (bytes, path) => {
  const { text, warnings } = decodeText(bytes);
  return htmlDocument(text, path, warnings);
};

/** The document that already decoded HTML is. Throws `document_unreadable` when it is nested too deeply to read. */
export function htmlDocument(source: string, path: string, warnings: readonly string[]): ParsedDocument {
  try {
    const page: HtmlRoot = unified().use(rehypeParse).parse(source);
    const named = first(page, 'title');
    const hidden = dropUnseen(page);
    const main = first(page, 'main') ?? only(page, 'article') ?? first(page, 'body');
    const content: HtmlRoot = { type: 'root', children: main === undefined ? page.children : main.children };
    const tree = unified().use(rehypeRemark).runSync(content) as Root;
    const stripped = tidy(tree, source.split('\n').length);
    return {
      title: titleIn(named) || titleOf(tree, path),
      tree,
      warnings: [
        ...warnings,
        ...(hidden > 0 ? [`hidden elements with text left out: ${hidden}`] : []),
        ...strippedWarning(stripped),
      ],
    };
  } catch (thrown) {
    if (!(thrown instanceof RangeError)) throw thrown;
    throw new ChipwrightError('document_unreadable', 'The HTML is nested too deeply to read.', {
      cure: 'Simplify the page, or leave it out of the source.',
    });
  }
}

function titleIn(title: Element | undefined): string {
  const [words] = title?.children ?? [];
  return words?.type === 'text' ? stripInvisible(words.value).text.replace(/\s+/g, ' ').trim() : '';
}

function first(tree: HtmlRoot, name: string): Element | undefined {
  return all(tree, name)[0];
}

/** The article, where there is one; several are a list of teasers. */
function only(tree: HtmlRoot, name: string): Element | undefined {
  const found = all(tree, name);
  return found.length === 1 ? found[0] : undefined;
}

function all(tree: HtmlRoot, name: string): Element[] {
  const found: Element[] = [];
  const waiting: Nodes[] = [tree];
  for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
    if (next.type === 'element' && next.tagName === name) found.push(next);
    if ('children' in next) waiting.push(...[...next.children].reverse());
  }
  return found;
}

/** Takes out images, raw HTML and what they leave empty, and characters that came in as `&#8203;`. Returns their number. */
function tidy(tree: Root, lines: number): number {
  let stripped = 0;
  const visit = (children: RootContent[]): RootContent[] =>
    children.filter((node) => {
      if (node.type === 'image' || node.type === 'html' || node.type === 'thematicBreak') return false;
      // The parser counts a line too many after a lone `&` at the end of one.
      if (node.position) node.position.end.line = Math.min(node.position.end.line, lines);
      if ('value' in node) {
        const clean = stripInvisible(node.value);
        stripped += clean.stripped;
        node.value = clean.text;
      }
      if (!('children' in node)) return true;
      node.children = visit(node.children as RootContent[]) as never;
      return node.type === 'tableCell' || node.type === 'tableRow' || plainText(node).trim() !== '';
    });
  tree.children = visit(tree.children);
  return stripped;
}
