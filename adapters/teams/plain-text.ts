// HTML as Teams sends it, to the text a person meant.

const ENTITIES: Readonly<Record<string, string>> = {
  amp: '&',
  lt: '<',
  gt: '>',
  quot: '"',
  apos: "'",
  nbsp: ' ',
};

// The class in the middle holds no `<`, so that a run of unclosed tags cannot make the search quadratic.
const TAG = /<(\/?)([a-zA-Z][a-zA-Z0-9:-]*)((?:"[^"]*"|'[^']*'|[^'"<>])*)>/g;

/** Text of `html`: lines for blocks and breaks, backticks for code, entities unescaped, everything else gone. */
export function htmlToText(html: string): string {
  const text = html
    .replace(/<!--[\s\S]*?(?:-->|$)/g, '')
    .replace(/<(style|script)\b[\s\S]*?(?:<\/\1\s*>|$)/gi, '')
    .replace(/\r?\n/g, '\n')
    .replace(TAG, (_tag, close: string, name: string) => replacement(name.toLowerCase(), close === '/'));
  return unescapeEntities(text)
    .replace(/[ \t]+\n/g, '\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim();
}

function replacement(name: string, closing: boolean): string {
  switch (name) {
    case 'br':
      return '\n';
    case 'pre':
    case 'codeblock':
      return '\n```\n';
    case 'code':
      return '`';
    case 'li':
      return closing ? '' : '\n- ';
    case 'td':
    case 'th':
      return closing ? '\t' : '';
    case 'p':
    case 'div':
    case 'tr':
    case 'ul':
    case 'ol':
    case 'blockquote':
    case 'h1':
    case 'h2':
    case 'h3':
      return '\n';
    default:
      return '';
  }
}

/** Unescapes the entities Teams writes. Unknown ones are left as they are. */
function unescapeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]{2,4});/gi, (whole, name: string) => {
    if (!name.startsWith('#')) return ENTITIES[name.toLowerCase()] ?? whole;
    const code = /^#x/i.test(name) ? Number.parseInt(name.slice(2), 16) : Number.parseInt(name.slice(1), 10);
    return code > 0 && code <= 0x10ffff && !(code >= 0xd800 && code <= 0xdfff)
      ? String.fromCodePoint(code)
      : whole;
  });
}
