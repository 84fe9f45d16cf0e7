// The escapes of roff: fonts as mdast, special characters as letters.
import type { PhrasingContent } from 'mdast';
import { text } from '../nodes.js';

const CHARACTERS: ReadonlyMap<string, string> = new Map([
  ['em', '—'],
  ['en', '–'],
  ['hy', '-'],
  ['bu', '•'],
  ['co', '©'],
  ['rg', '®'],
  ['tm', '™'],
  ['aq', "'"],
  ['dq', '"'],
  ['lq', '“'],
  ['rq', '”'],
  ['oq', '‘'],
  ['cq', '’'],
  ['ga', '`'],
  ['ha', '^'],
  ['ti', '~'],
  ['rs', '\\'],
  ['ba', '|'],
  ['mu', '×'],
  ['->', '→'],
  ['<-', '←'],
  ['<=', '≤'],
  ['>=', '≥'],
]);

const ESCAPE =
  /\\(?:\((..)|\[([^\]]{1,20})\]|\*(?:\(..|\[[^\]]{0,20}\]|.)|f(?:\(..|\[[^\]]{0,20}\]|.)|s(?:[-+]?\d{1,2}|\[[^\]]{0,8}\])|[mMFkn](?:\(..|\[[^\]]{0,20}\]|.)|[hvwDlLox]'[^']{0,80}'|"(.*)|(.?))/g;

/** Text without escapes: no fonts, special characters as themselves. */
export function plainRoff(source: string): string {
  return source.replace(
    ESCAPE,
    (whole: string, two?: string, long?: string, _comment?: string, one?: string) => {
      const name = two ?? long;
      if (name !== undefined) return CHARACTERS.get(name) ?? unicode(name);
      if (one === undefined) return '';
      if (one === 'e' || one === '\\') return '\\';
      if (one === '~' || one === ' ' || one === '0') return ' ';
      return /[&/,:%|^cdruptz{}]/.test(one) || whole === '\\' ? '' : one;
    },
  );
}

/** One line of text with its `\fB` and `\fI` as strong and emphasised. */
export function manPhrasing(source: string): PhrasingContent[] {
  const nodes: PhrasingContent[] = [];
  let font = 'R';
  let before = 'R';
  for (const part of source.split(/(\\f(?:\(..|\[[^\]]{0,20}\]|.))/)) {
    const change = /^\\f(?:\((..)|\[([^\]]*)\]|(.))$/.exec(part);
    if (change !== null) {
      const wanted = change[1] ?? change[2] ?? change[3] ?? 'R';
      const next = wanted === 'P' || wanted === '' ? before : wanted;
      before = font;
      font = next;
      continue;
    }
    const value = plainRoff(part);
    if (value === '') continue;
    if (/^(?:B|3|CB|BI|4)$/.test(font)) nodes.push({ type: 'strong', children: [text(value)] });
    else if (/^(?:I|2|CI)$/.test(font)) nodes.push({ type: 'emphasis', children: [text(value)] });
    else if (/^(?:C|CW|CR)$/.test(font)) nodes.push({ type: 'inlineCode', value });
    else nodes.push(text(value));
  }
  return nodes;
}

/** The arguments of a macro: words, or runs in double quotes. */
export function words(source: string): string[] {
  const found: string[] = [];
  for (const [, quoted, bare] of source.matchAll(/"((?:[^"]|"")*)"?|(\S+)/g)) {
    if (bare?.startsWith('\\"')) break;
    found.push(quoted === undefined ? (bare ?? '') : quoted.replace(/""/g, '"'));
  }
  return found;
}

function unicode(name: string): string {
  const hex = /^u([0-9A-Fa-f]{4,6})$/.exec(name)?.[1];
  const point = hex === undefined ? Number.NaN : Number.parseInt(hex, 16);
  return point <= 0x10ffff ? String.fromCodePoint(point) : '';
}
