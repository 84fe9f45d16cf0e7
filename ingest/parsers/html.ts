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
    const stripped = tidy(tree, lineCounter(source));
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

/**
 * The line of an offset. Line numbers are counted here because the tokenizer, which steps back to an `&` that begins no
 * character reference, counts the line break behind it twice; its offsets are right.
 */
function lineCounter(source: string): (offset: number) => number {
  const starts = [0];
  for (let at = source.indexOf('\n'); at >= 0; at = source.indexOf('\n', at + 1)) starts.push(at + 1);
  return (offset) => {
    let [low, high] = [0, starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if ((starts[middle] ?? 0) <= offset) low = middle;
      else high = middle;
    }
    return low + 1;
  };
}

/** Puts a node on the lines of its offsets; without offsets it stands nowhere. */
function place(node: RootContent, lineOf: (offset: number) => number): void {
  const { start, end } = node.position ?? {};
  if (start?.offset === undefined || end?.offset === undefined) {
    delete node.position;
    return;
  }
  start.line = lineOf(start.offset);
  end.line = Math.max(start.line, lineOf(end.offset));
}

/**
 * Takes out images, raw HTML and what they leave empty, and characters that came in as `&#8203;`; puts the rest on its
 * lines. Returns the number of characters.
 */
function tidy(tree: Root, lineOf: (offset: number) => number): number {
  let stripped = 0;
  const visit = (children: RootContent[]): RootContent[] =>
    children.filter((node) => {
      if (node.type === 'image' || node.type === 'html' || node.type === 'thematicBreak') return false;
      place(node, lineOf);
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
