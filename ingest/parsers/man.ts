// Manual pages as mdast: roff sources with the man or the mdoc macros; pages already formatted are text.
import type { ListItem, PhrasingContent, Root, RootContent } from 'mdast';
import type { ParsedDocument, Parser } from '../parsed-document.js';
import { decodeText } from './decode.js';
import { manPhrasing, plainRoff, words } from './man/roff.js';
import { code, fileTitle, heading, item, list, paragraph, text } from './nodes.js';
import { textDocument } from './text.js';

/** A manual page. Positions are lines. */
export const parseMan: Parser = async (bytes, path) => {
  const { text: source, warnings } = decodeText(bytes);
  if (!/^[.'](?:\\"|TH|SH|Dd|Dt|Sh)\b/m.test(source)) return formatted(source, path, warnings);
  const reader = new ManReader();
  for (const [at, line] of source.split('\n').entries()) reader.line(line, at + 1);
  return { title: reader.title || fileTitle(path), tree: reader.finish(), warnings };
};

/** A page that was formatted already: capitals at the margin are its titles, and all other text is indented. */
function formatted(source: string, path: string, warnings: readonly string[]): ParsedDocument {
  const titles: RootContent[] = [];
  const body = source.split('\n').map((line, at) => {
    if (!/^[A-Z][A-Z0-9 ,/-]{2,60}$/.test(line)) return line.replace(/^ {5,7}(?=\S)/, '');
    titles.push(heading(1, [text(line)], { start: at + 1, end: at + 1 }));
    return '';
  });
  const document = textDocument(body.join('\n'), path, warnings);
  const startOf = (node: RootContent): number => node.position?.start.line ?? 0;
  document.tree.children = [...titles, ...document.tree.children].sort(
    (one, two) => startOf(one) - startOf(two),
  );
  const name = /^\s*([\w.+-]+\(\d\w*\))/.exec(source)?.[1]?.toLowerCase();
  return { ...document, title: name ?? fileTitle(path) };
}

const FONTS = /^(?:B|I|R|SB|SM|BI|BR|IB|IR|RB|RI)$/;
/** mdoc macros that set words: what each makes of them. */
const CODE_MACROS = /^(?:Nm|Fl|Cm|Ar|Op|Pa|Ev|Fn|Fa|Ft|Va|Vt|Dv|Er|Ic|Li|Ql|Dl|In|Xr|Cd|Fd|Ms|Tn)$/;

class ManReader {
  title = '';
  readonly #blocks: RootContent[] = [];
  #words: PhrasingContent[] = [];
  #start = 0;
  #end = 0;
  #listing: string[] | undefined;
  #item: ListItem | undefined;
  /** What the next text line is: the tag of an item. */
  #tag = false;
  #name = '';

  line(line: string, no: number): void {
    const control = /^[.']\s*(\\?[A-Za-z0-9"\\]{1,6})(?:\s+(.*))?$/.exec(line);
    if (/^[.']\s*(?:\\"|$)/.test(line)) return;
    if (control !== null) this.#macro(control[1] ?? '', control[2] ?? '', no);
    else if (this.#listing !== undefined) this.#list(plainRoff(line), no);
    else if (line.trim() === '') this.#flush();
    else this.#add(manPhrasing(line), no);
  }

  finish(): Root {
    this.#endListing();
    this.#flush();
    return { type: 'root', children: this.#blocks };
  }

  #macro(name: string, rest: string, no: number): void {
    const given = words(rest);
    const joined = given.map(plainRoff).join(' ');
    if (name === 'TH' || name === 'Dt') {
      const [page = '', section = ''] = given.map(plainRoff);
      this.title = page === '' ? '' : `${page.toLowerCase()}${section === '' ? '' : `(${section})`}`;
    } else if (/^(?:SH|Sh|SS|Ss)$/.test(name)) this.#heading(name.toUpperCase() === 'SH' ? 1 : 2, joined, no);
    else if (/^(?:nf|EX|Bd)$/.test(name)) {
      this.#flush();
      this.#listing = [];
      this.#start = no + 1;
    } else if (/^(?:fi|EE|Ed)$/.test(name)) this.#endListing();
    else if (this.#listing !== undefined && (FONTS.test(name) || CODE_MACROS.test(name)))
      this.#list(joined, no);
    else if (/^(?:PP|P|LP|Pp|HP|sp|RS|Bl|br|TS)$/.test(name)) {
      this.#flush();
      if (/^(?:PP|P|LP|HP)$/.test(name)) this.#item = undefined;
    } else if (/^(?:RE|El)$/.test(name)) {
      this.#flush();
      if (name === 'El') this.#item = undefined;
    } else if (name === 'TP' || name === 'TQ') {
      this.#flush();
      this.#tag = true;
    } else if (name === 'IP' || name === 'It')
      this.#begin(name === 'It' ? mdoc(rest) : tagOf(given[0] ?? ''), no);
    else if (FONTS.test(name)) this.#add(fonts(name, given), no);
    else if (name === 'UR' || name === 'MT') this.#add([text(joined)], no);
    else if (name === 'Nd') this.#add([text(`- ${joined}`)], no);
    else if (CODE_MACROS.test(name)) {
      if (name === 'Nm' && joined !== '') this.#name ||= joined;
      this.#add(mdoc(`${name} ${rest === '' && name === 'Nm' ? this.#name : rest}`), no);
    } else if (/^[A-Z][a-z]q?$/.test(name) && !/^(?:Dd|Os|Bk|Ek|Rs|Re|Bf|Ef|Sm)$/.test(name)) {
      this.#add(mdoc(`${name} ${rest}`), no);
    }
  }

  #heading(depth: number, title: string, no: number): void {
    this.#endListing();
    this.#flush();
    this.#item = undefined;
    this.#blocks.push(heading(depth, [text(title)], { start: no, end: no }));
  }

  #begin(tag: PhrasingContent[], no: number): void {
    this.#flush();
    this.#item = item([], { start: no, end: no });
    const last = this.#blocks.at(-1);
    if (last?.type === 'list') last.children.push(this.#item);
    else this.#blocks.push(list(false, [this.#item]));
    if (tag.length > 0) this.#add([...tag, text(':')], no);
  }

  #add(added: readonly PhrasingContent[], no: number): void {
    if (added.length === 0) return;
    if (this.#tag) {
      this.#tag = false;
      this.#begin([...added], no);
      return;
    }
    if (this.#words.length === 0) this.#start = no;
    else this.#words.push(text(' '));
    this.#words.push(...added);
    this.#end = no;
  }

  #list(line: string, no: number): void {
    this.#listing?.push(line);
    this.#end = no;
  }

  #endListing(): void {
    const lines = this.#listing;
    this.#listing = undefined;
    if (lines === undefined || lines.every((line) => line.trim() === '')) return;
    this.#put(code(lines.join('\n'), null, { start: this.#start, end: Math.max(this.#end, this.#start) }));
  }

  #flush(): void {
    this.#tag = false;
    if (this.#words.length === 0) return;
    const children = this.#words;
    this.#words = [];
    this.#put(paragraph(children, { start: this.#start, end: this.#end }));
  }

  #put(node: RootContent): void {
    if (this.#item === undefined) {
      this.#blocks.push(node);
      return;
    }
    this.#item.children.push(node as ListItem['children'][number]);
    const end = node.position?.end;
    const around = this.#blocks.at(-1);
    if (end !== undefined && this.#item.position) this.#item.position.end = end;
    if (end !== undefined && around?.position) around.position.end = end;
  }
}

/** `.BR name (1)`: the letters name the fonts that the words take in turn, without spaces between. */
function fonts(name: string, given: readonly string[]): PhrasingContent[] {
  if (name.length === 1 || name === 'SB' || name === 'SM')
    return given.length === 0 ? [] : [styled(name[0] ?? 'R', given.map(plainRoff).join(' '))];
  return given.map((word, at) => styled(name[at % 2] ?? 'R', plainRoff(word)));
}

function styled(font: string, value: string): PhrasingContent {
  if (font === 'B') return { type: 'strong', children: [text(value)] };
  return font === 'I' ? { type: 'emphasis', children: [text(value)] } : text(value);
}

/** A bullet needs no tag. */
function tagOf(tag: string): PhrasingContent[] {
  return /^(?:\\\(bu|\\\[bu\]|\\-|[o*•-])?$/.test(tag) ? [] : manPhrasing(tag);
}

/** What mdoc macros put around the rest of their line. */
const AROUND: ReadonlyMap<string, readonly [string, string]> = new Map([
  ['Op', ['[', ']']],
  ['Bq', ['[', ']']],
  ['Dq', ['“', '”']],
  ['Qq', ['"', '"']],
  ['Sq', ['‘', '’']],
  ['Pq', ['(', ')']],
  ['Aq', ['<', '>']],
  ['Brq', ['{', '}']],
]);
const SILENT =
  /^(?:Nm|Cm|Ar|Pa|Ev|Fn|Fa|Ft|Va|Vt|Dv|Er|Ic|Li|Ql|Dl|In|Xr|Ns|Sm|No|Xo|Xc|Em|Sy|Sx|Ux|An|Lk|Mt|Ad|St|Cd|Fd|Ms|Tn|Ap)$/;

/** A line of mdoc words: macros among them are read as they come; what ends a sentence is no part of the code. */
function mdoc(line: string): PhrasingContent[] {
  const out: string[] = [];
  const closing: string[] = [];
  const all = words(line);
  let flag = false;
  for (const [at, word] of all.entries()) {
    const around = AROUND.get(word);
    if (word === 'Fl') flag = true;
    else if (around !== undefined) {
      out.push(around[0]);
      closing.unshift(around[1]);
    } else if (word === 'Oo' || word === 'Oc') out.push(word === 'Oo' ? '[' : ']');
    else if (all[at - 2] === 'Xr' && /^\d/.test(word)) out.push(`(${word})`);
    else if (!SILENT.test(word)) {
      out.push(`${flag ? '-' : ''}${plainRoff(word)}`);
      flag = false;
    }
  }
  let tail = '';
  while (/^[.,;:)]$/.test(out.at(-1) ?? '')) tail = `${out.pop()}${tail}`;
  const value = [...out, ...(flag ? ['-'] : []), ...closing]
    .join(' ')
    .replace(/([[({<“‘]) /g, '$1')
    .replace(/ ([\])}>”’.,;:])/g, '$1')
    .replace(/ \((\d)/g, '($1');
  if (value.trim() === '') return tail === '' ? [] : [text(tail)];
  const prose = /^(?:Dq|Qq|Sq|Pq|Aq|Brq|Bq|Em|Sy|Sx|An|No|Ux|Lk|Mt)$/.test(all[0] ?? '');
  const node: PhrasingContent = prose ? text(value) : { type: 'inlineCode', value };
  return tail === '' ? [node] : [node, text(tail)];
}
