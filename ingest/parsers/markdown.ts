// Markdown, as GitHub, MyST and Sphinx write it, to a clean tree: words, tables and code; no images, HTML or badges.
import { setImmediate as breathe } from 'node:timers/promises';
import type { Image, ImageReference, InlineCode, Nodes, PhrasingContent, Root, RootContent } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString as plainText } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import { visit } from 'unist-util-visit';
import { parse as parseYaml } from 'yaml';
import { ChipwrightError } from '../../src/errors.js';
import type { Parser } from '../parsed-document.js';
import { decodeText } from './decode.js';
import { rewriteDirectives } from './markdown/directives.js';
import { htmlBlocks, htmlText } from './markdown/embedded-html.js';
import { titleOf } from './nodes.js';

const BADGE =
  /shields\.io|badge|\/workflows\/|travis-ci|readthedocs\.org\/projects|buildstatus|codecov|circleci|bestpractices/i;

/** Characters. The reader of Markdown needs some two hundred bytes of memory for each, and seconds for a million. */
const MAX_LENGTH = 5_000_000;

/** Lines after which a long document is cut at the next heading, so that reading it never holds up everything else. */
const PART_LINES = 1500;

/** Markdown. Positions are lines. */
export const parseMarkdown: Parser = async (bytes, path) => {
  const { text, warnings } = decodeText(bytes);
  const { lines, title } = withoutFrontMatter(text.split('\n'));
  if (text.length > MAX_LENGTH) {
    throw new ChipwrightError('document_unreadable', 'The Markdown file is larger than 5 MB.', {
      cure: 'Split it, or save it as plain text.',
    });
  }
  const tree: Root = { type: 'root', children: [] };
  for (const part of parts(wholeTables(rewriteDirectives(lines)))) {
    const parsed = fromMarkdown(part.source, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
    visit(parsed, ({ position }) => {
      if (position === undefined) return;
      position.start.line += part.offset;
      position.end.line += part.offset;
    });
    for (const node of blocks(parsed.children)) tree.children.push(node);
    await breathe();
  }
  return { title: title ?? titleOf(tree, path), tree, warnings };
};

/** The document in parts that begin at headings, each with the link definitions of all, which no reader sees. */
function parts(lines: readonly string[]): { source: string; offset: number }[] {
  if (lines.length <= PART_LINES) return [{ source: lines.join('\n'), offset: 0 }];
  const cuts = [0];
  let fence = '';
  for (const [at, line] of lines.entries()) {
    const marker = /^ {0,3}(`{3,}|~{3,})/.exec(line)?.[1];
    if (marker !== undefined && fence === '') fence = marker;
    else if (marker?.startsWith(fence) && line.trim() === marker) fence = '';
    else if (fence === '' && at - (cuts.at(-1) ?? 0) >= PART_LINES && /^#{1,6}\s/.test(line)) cuts.push(at);
  }
  const definitions = lines.filter((line) => /^ {0,3}\[[^\]]+\]:\s*\S/.test(line)).join('\n');
  return cuts.map((offset, at) => ({
    source: `${lines.slice(offset, cuts[at + 1]).join('\n')}\n\n${definitions}`,
    offset,
  }));
}

/** YAML between `---` at the top becomes blank lines; its `title` is the document's. */
function withoutFrontMatter(lines: readonly string[]): { lines: readonly string[]; title?: string } {
  if (lines[0]?.trimEnd() !== '---') return { lines };
  const end = lines.findIndex((line, at) => at > 0 && /^(?:---|\.\.\.)\s*$/.test(line));
  if (end === -1) return { lines };
  const data = yaml(lines.slice(1, end).join('\n'));
  if (data === undefined) return { lines };
  const title = 'title' in data && typeof data.title === 'string' ? data.title.trim() : '';
  return { lines: lines.map((line, at) => (at <= end ? '' : line)), ...(title === '' ? {} : { title }) };
}

function yaml(source: string): object | undefined {
  try {
    const data: unknown = parseYaml(source);
    return typeof data === 'object' && data !== null ? data : undefined;
  } catch {
    return undefined; // Not front matter then: two rules with text between them.
  }
}

/** A blank line ends HTML in Markdown. In a table of plain HTML it shall not: an empty comment keeps the table whole. */
function wholeTables(lines: readonly string[]): string[] {
  const out = [...lines];
  let start = -1;
  for (const [at, line] of lines.entries()) {
    if (/^\s*<table\b/i.test(line)) start = at;
    if (/^\s*(?:`{3}|~{3})/.test(line)) start = -1;
    if (start === -1 || !/<\/table>/i.test(line)) continue;
    for (let row = start; row < at; row++) if ((lines[row] ?? '').trim() === '') out[row] = '<!---->';
    start = -1;
  }
  return out;
}

function blocks(nodes: readonly RootContent[]): RootContent[] {
  return nodes.flatMap((node): RootContent[] => {
    if (node.type === 'html') return blocks(htmlBlocks(node.value, node.position?.start.line ?? 1));
    if (node.type === 'definition' || isContents(node)) return [];
    if (node.type === 'paragraph')
      return isBadges(node.children) ? [] : [{ ...node, children: words(node.children) }];
    if (node.type === 'heading') return [{ ...node, children: words(node.children) }];
    if (!('children' in node)) return [node];
    if (node.type === 'tableRow') {
      return [
        { ...node, children: node.children.map((cell) => ({ ...cell, children: words(cell.children) })) },
      ];
    }
    return [{ ...node, children: blocks(node.children as RootContent[]) } as RootContent];
  });
}

/** A list of links to headings of this page says nothing that the headings do not say. */
function isContents(node: Nodes): boolean {
  if (node.type === 'list') return node.children.every(isContents);
  if (node.type === 'listItem') return node.children.length > 0 && node.children.every(isContents);
  if (node.type !== 'paragraph') return false;
  const links = node.children.filter((child) => !isBlank(child));
  return links.length === 1 && links[0]?.type === 'link' && links[0].url.startsWith('#');
}

function isBadges(nodes: readonly PhrasingContent[]): boolean {
  const images = nodes
    .filter((node) => !isBlank(node))
    .map((node) => (node.type === 'link' ? node.children : [node]));
  return images.length > 0 && images.every((link) => link.every((node) => isBlank(node) || isBadge(node)));
}

function isBlank(node: Nodes): boolean {
  return (
    node.type === 'break' ||
    (node.type === 'text' && node.value.trim() === '') ||
    (node.type === 'html' && !/^<img/i.test(node.value))
  );
}

function isBadge(node: Nodes): boolean {
  if (node.type === 'image') return BADGE.test(node.url);
  if (node.type === 'imageReference') return BADGE.test(node.identifier);
  return node.type === 'html' && BADGE.test(node.value);
}

/** Fewer words name a picture ("Clock path update"); more tell what it shows. */
const TELLING_ALT_WORDS = 4;

/** What an image shows, where its author said more than that it is one. */
function altText(node: Image | ImageReference): string {
  const alt = node.alt?.trim() ?? '';
  return isBadge(node) || alt.split(/\s+/).length < TELLING_ALT_WORDS ? '' : alt;
}

/** Phrasing with the words of links and images only; a link without words shows where it leads. */
function words(nodes: readonly PhrasingContent[]): PhrasingContent[] {
  const out: PhrasingContent[] = [];
  for (const node of nodes) {
    if (node.type === 'link') {
      const inside = words(node.children);
      out.push(...(inside.some((child) => plainText(child).trim() !== '') ? inside : text(node.url)));
    } else if (node.type === 'linkReference') out.push(...words(node.children));
    else if (node.type === 'image' || node.type === 'imageReference') out.push(...text(altText(node)));
    else if (node.type === 'html') out.push(...text(htmlText(node.value)));
    else if (node.type === 'footnoteReference') continue;
    else if (node.type === 'inlineCode') out.push(...role(node, out));
    else if ('children' in node) out.push({ ...node, children: words(node.children) } as PhrasingContent);
    else out.push(node);
  }
  return out.reduce<PhrasingContent[]>(joinText, []);
}

function text(value: string): PhrasingContent[] {
  return value === '' ? [] : [{ type: 'text', value }];
}

/** Neighbouring texts become one, so that placeholders and the words around them are read together. */
function joinText(out: PhrasingContent[], node: PhrasingContent): PhrasingContent[] {
  const before = out.at(-1);
  if (before?.type !== 'text' || node.type !== 'text') return [...out, node];
  return [...out.slice(0, -1), { ...before, value: before.value + node.value }];
}

/** A role of MyST, {ref}`words <target>`, comes as text that ends in its name, then code: its words are what counts. */
function role(node: InlineCode, out: PhrasingContent[]): PhrasingContent[] {
  const before = out.at(-1);
  const name = before?.type === 'text' ? /\{([a-z][a-z:]*)\}$/.exec(before.value)?.[1] : undefined;
  if (before?.type !== 'text' || name === undefined) return [node];
  out[out.length - 1] = { ...before, value: before.value.slice(0, -name.length - 2) };
  const value = node.value.replace(/\s*<[^>]*>$/, '').replace(/^[~!]/, '') || node.value;
  return /^(?:ref|doc|term|abbr|numref|any|sub|sup|download|external.*)$/.test(name)
    ? text(value)
    : [{ ...node, value }];
}
