// The only way to text that may be shown: no URL, no image, no HTML, no mention.
import type { Link, Nodes, Text } from 'mdast';
import { fromMarkdown } from 'mdast-util-from-markdown';
import { gfmFromMarkdown } from 'mdast-util-gfm';
import { toString as textOf } from 'mdast-util-to-string';
import { gfm } from 'micromark-extension-gfm';
import { stripInvisible } from './invisible.js';
import { isLoud, quiet } from './linkable.js';

declare const safe: unique symbol;

/** Markdown that went through `sanitise`. Adapters accept no other text. */
export type SafeMarkdown = string & { readonly [safe]: true };

/** Characters; no platform shows more, and parsing time grows faster than length. */
const LONGEST = 20_000;
/** More runs of emphasis marks, or deeper quotes, than any answer has; parsing them takes the square of their number. */
const MOST_RUNS = 2_000;
const DEEP = /(?:>[ \t]*){30}/;
/** Passes until nothing changes; ordinary text needs one to three. */
const PASSES = 40;

/** A stretch of the text and what takes its place. */
interface Edit {
  readonly from: number;
  readonly to: number;
  readonly text: string;
}

/** Parses Markdown the way the sanitiser and everyone after it reads it: GFM, links only where the writer marked them. */
export function parseMarkdown(markdown: string): Nodes {
  // The autolink extension also invents links in decoded text; those have no place in the source and are found by `quiet`.
  const extensions = gfmFromMarkdown().map((extension) => ({ ...extension, transforms: [] }));
  return fromMarkdown(markdown, { extensions: [gfm()], mdastExtensions: extensions });
}

/**
 * Takes out everything that a chat client could fetch, open or announce. Links and HTML leave their text behind, images
 * and footnotes leave nothing, a bare URL leaves its host as code, and a name with a dot in it (`README.md`) becomes
 * code, because clients would link it. Code keeps its text: adapters must send it as preformatted text, never as a link.
 *
 * The source is edited in place, not written anew, so what is harmless stays as it was written. It is read again until a
 * pass changes nothing: what is returned parses clean, and sanitising it again returns it unchanged.
 */
export function sanitise(markdown: string): SafeMarkdown {
  let text = tidy(markdown);
  if ((text.match(/[*_~]+/g)?.length ?? 0) > MOST_RUNS || DEEP.test(text)) return asBlock(text);
  try {
    for (let pass = 0; pass < PASSES; pass++) {
      const next = tidy(apply(text, edits(text)));
      if (next === text) return text as SafeMarkdown;
      text = next;
    }
  } catch (thrown) {
    // Nesting deeper than the stack: only a hostile text gets there.
    if (!(thrown instanceof RangeError)) throw thrown;
  }
  return asBlock(text);
}

/** Plain text for titles and excerpts: one line, no control characters, no mention; nothing in it is read as Markdown. */
export function sanitisePlain(text: string): string {
  let line = stripInvisible(text).replace(/\s+/g, ' ').trim();
  for (let pass = 0; pass < PASSES; pass++) {
    const next = quiet(line, (name) => name)
      .replace(/\s+/g, ' ')
      .trim();
    if (next === line) return line;
    line = next;
  }
  return line.replace(/[<@]/g, '');
}

function tidy(text: string): string {
  return stripInvisible(text.slice(0, LONGEST)).replace(/^\n+/, '').trimEnd();
}

/** The whole text as one code block: what is left when it does not come to rest. */
function asBlock(text: string): SafeMarkdown {
  const body = text
    .replace(/`{3,}/g, '')
    .replace(/^\n+/, '')
    .slice(0, LONGEST - 8)
    .trimEnd();
  return `\`\`\`\n${body}\n\`\`\`` as SafeMarkdown;
}

function apply(text: string, changes: readonly Edit[]): string {
  let out = '';
  let at = 0;
  for (const { from, to, text: replacement } of changes) {
    out += text.slice(at, from) + replacement;
    at = to;
  }
  return out + text.slice(at);
}

/**
 * The edits of one pass, in order, none inside another. Structure goes first, stray backticks second and names last, so
 * that the code spans made for names cannot pair with a backtick that is not theirs.
 */
function edits(text: string): Edit[] {
  const structure: Edit[] = [];
  const strays: Edit[] = [];
  const names: Edit[] = [];
  const walk = (node: Nodes): void => {
    const from = node.position?.start.offset ?? 0;
    const to = node.position?.end.offset ?? 0;
    const source = text.slice(from, to);
    const put = (list: Edit[], replacement: string): void => {
      if (replacement !== source) list.push({ from, to, text: replacement });
    };
    switch (node.type) {
      case 'definition':
      case 'image':
      case 'imageReference':
      case 'footnoteReference':
      case 'footnoteDefinition':
        put(structure, '');
        return;
      case 'html':
        put(structure, withoutTags(source));
        return;
      case 'link':
        // A literal link has no marks of its own: it is a name like others.
        if (/^[[<]/.test(source)) put(structure, linkText(node, text));
        else put(names, quietLiteral(source, text.slice(0, from)));
        return;
      case 'linkReference':
        // Without its definition, which goes too, a short reference is only text: perhaps a citation marker.
        if (node.referenceType === 'full') put(structure, linkText(node, text));
        return;
      case 'code':
        put(structure, plainFence(source, node.lang ?? '', node.meta ?? ''));
        return;
      case 'text':
        put(strays, source.replace(/\\?`/g, ''));
        put(names, quietText(node, source, text.slice(0, from)));
        return;
      default:
        if ('children' in node) for (const child of node.children) walk(child);
    }
  };
  walk(parseMarkdown(text));
  if (structure.length > 0) return structure;
  return strays.length > 0 ? strays : names;
}

function linkText(node: Link | Extract<Nodes, { type: 'linkReference' }>, text: string): string {
  const from = node.children[0]?.position?.start.offset;
  const to = node.children.at(-1)?.position?.end.offset;
  if (from === undefined || to === undefined) return '';
  const inner = text.slice(from, to);
  return /^\d{1,3}$/.test(inner) ? `[${inner}]` : inner;
}

/** HTML without its tags. `<net>` is a placeholder in a command, not a tag, and is kept as text. */
function withoutTags(source: string): string {
  if (/^<[a-z][a-z0-9_-]*>$/i.test(source) && !HTML_NAMES.has(source.slice(1, -1).toLowerCase()))
    return `\\${source}`;
  const text = source
    .replace(/<!--[\s\S]*?(?:-->|$)/g, '')
    .replace(/<(script|style)\b[\s\S]*?(?:<\/\1>|$)/gi, '')
    .replace(/<[^<>]*>?/g, '');
  return text === source ? '' : text;
}

/** A fence names a language or nothing: the rest of its first line is seen by no reader. */
function plainFence(source: string, lang: string, meta: string): string {
  if (meta === '' && /^[\w+#-]{0,20}$/.test(lang)) return source;
  return source.replace(
    /^(`{3,}|~{3,})[^\n]*/,
    (_, fence: string) => fence + (/^[\w+#-]{1,20}$/.test(lang) ? lang : ''),
  );
}

function quietText(node: Text, source: string, before: string): string {
  const next = quiet(source, asSpan(before), unescaped);
  if (next !== source || node.value === source) return next;
  // Escapes can hide from a search of the source what the reader will see.
  const plain = stripInvisible(node.value);
  return plain !== node.value || isLoud(plain) ? plain : source;
}

function quietLiteral(source: string, before: string): string {
  const next = quiet(source, asSpan(before));
  return next === source ? asSpan(before)(source.replace(/[`|]/g, ''), 0, source) : next;
}

/** A code span that the character before it can neither open nor escape. */
function asSpan(before: string): (name: string, at: number, whole: string) => string {
  return (name, at, whole) => `${/[`\\]$/.test(before.slice(-1) + whole.slice(0, at)) ? ' ' : ''}\`${name}\``;
}

function unescaped(atom: string): string {
  return textOf(fromMarkdown(`x${atom}`)).slice(1);
}

const HTML_NAMES = new Set(
  (
    'a abbr address area article aside at audio b base bdi bdo big blockquote body br button canvas caption center cite code ' +
    'col colgroup data dd del details dfn dialog div dl dt em embed fieldset figcaption figure font footer form frame ' +
    'frameset h1 h2 h3 h4 h5 h6 head header hr html i iframe img input ins kbd label legend li link main map mark marquee ' +
    'math menu meta meter nav noscript object ol optgroup option output p param picture pre progress q rp rt ruby s samp ' +
    'script section select slot small source span strike strong style sub summary sup svg table tbody td template textarea ' +
    'tfoot th thead time title tr track tt u ul var video wbr'
  ).split(' '),
);
