// Inline reStructuredText as mdast phrasing: literals, roles, emphasis, references, substitutions.
import type { PhrasingContent } from 'mdast';
import { text } from '../nodes.js';

/** What a document defines once and uses anywhere. Names are in lower case. */
export interface Definitions {
  /** `|name|` -> its text; empty for images. */
  readonly substitutions: ReadonlyMap<string, string>;
  /** `name_` -> its URL; empty for targets inside the documents. */
  readonly targets: ReadonlyMap<string, string>;
}

/** Roles that are words to read. Every other role names something to type or to look up, and is code. */
const WORD_ROLES =
  /^(?:ref|doc|numref|term|any|title|title-reference|abbr|sub|sup|subscript|superscript|emphasis|strong|dfn|guilabel|menuselection|rfc|pep|download|footcite|index|cite(?::\w+)?|std:\w+)$/;

const ROLE = /:([\w.+-]+(?::[\w.+-]+)*):`/y;
const SUFFIX_ROLE = /:([\w.+-]+(?::[\w.+-]+)*):/y;
const FOOTNOTE = /\[(#?[\w.-]*|\*)\]_(?!\w)/y;
const SUBSTITUTION = /\|([^\s|](?:[^|\n]{0,78}[^\s|])?)\|_{0,2}/y;
const WITH_TARGET = /^([\s\S]*?)\s*(?<!\\)<([^<>]*)>$/;
const BEFORE = /[\s'"([{<\-/:‘“«¡¿–—]/;
const AFTER = /[\s'")\]}>\-/:.,;!?\\’”»–—…_]/;

/** The phrasing that one run of reStructuredText is. Malformed markup stays as it was typed. */
export function inline(source: string, definitions: Definitions): PhrasingContent[] {
  return new InlineReader(source, definitions).read();
}

/** A role's or a definition's own text, its escapes resolved. */
export function unescaped(source: string): string {
  return source.replace(/\\(\s|[\s\S]|$)/g, (_, escaped: string) => (/^\s$/.test(escaped) ? '' : escaped));
}

class InlineReader {
  readonly #source: string;
  readonly #definitions: Definitions;
  readonly #nodes: PhrasingContent[] = [];
  /** Marks that were looked for in vain: they are not looked for again, which keeps reading linear. */
  readonly #unclosed = new Set<string>();
  #words = '';

  constructor(source: string, definitions: Definitions) {
    this.#source = source;
    this.#definitions = definitions;
  }

  read(): PhrasingContent[] {
    let at = 0;
    while (at < this.#source.length) at = this.#step(at);
    this.#flush();
    return this.#nodes;
  }

  #step(at: number): number {
    const character = this.#source[at] ?? '';
    if (character === '\\') {
      const next = this.#source[at + 1] ?? '';
      if (!/\s/.test(next)) this.#words += next;
      return at + 2;
    }
    if (character === '_' && this.#reference(at))
      return /__/y.test(this.#source.slice(at, at + 2)) ? at + 2 : at + 1;
    const end = '`*:|['.includes(character) && this.#mayStart(at) ? this.#markup(at, character) : undefined;
    if (end !== undefined) return end;
    this.#words += character;
    return at + 1;
  }

  #mayStart(at: number): boolean {
    return at === 0 || BEFORE.test(this.#source[at - 1] ?? '');
  }

  #markup(at: number, character: string): number | undefined {
    if (this.#source.startsWith('``', at)) {
      const end = this.#close('``', at + 2);
      if (end !== undefined)
        return this.#push({ type: 'inlineCode', value: spaced(this.#source.slice(at + 2, end)) }, end + 2);
    }
    if (character === '`') return this.#interpreted(at + 1, undefined);
    if (character === ':') {
      const role = match(ROLE, this.#source, at);
      return role === undefined ? undefined : this.#interpreted(at + role[0].length, role[1]);
    }
    if (character === '*') return this.#emphasis(at);
    if (character === '|') return this.#substitution(at);
    const footnote = match(FOOTNOTE, this.#source, at);
    if (footnote === undefined) return undefined;
    this.#words += `[${(footnote[1] ?? '').replace(/^#(?=.)/, '')}]`;
    return at + footnote[0].length;
  }

  #emphasis(at: number): number | undefined {
    for (const [mark, type] of [
      ['**', 'strong'],
      ['*', 'emphasis'],
    ] as const) {
      if (!this.#source.startsWith(mark, at)) continue;
      const end = this.#close(mark, at + mark.length);
      if (end === undefined) continue;
      const inner = unescaped(this.#source.slice(at + mark.length, end));
      return this.#push({ type, children: [text(inner)] }, end + mark.length);
    }
    return undefined;
  }

  #substitution(at: number): number | undefined {
    const found = match(SUBSTITUTION, this.#source, at);
    const value = this.#definitions.substitutions.get((found?.[1] ?? '').toLowerCase());
    if (found === undefined || value === undefined) return undefined;
    const inner = inline(value, { ...this.#definitions, substitutions: new Map() });
    for (const node of inner) {
      if (node.type === 'text') this.#words += node.value;
      else this.#push(node, 0);
    }
    return at + found[0].length;
  }

  /** `` `text` ``, with the role before or after it, or as a reference. */
  #interpreted(from: number, prefix: string | undefined): number | undefined {
    const end = this.#close('`', from);
    if (end === undefined) return undefined;
    const inner = this.#source.slice(from, end).replace(/\s*\n\s*/g, ' ');
    const marks = prefix === undefined ? match(/__?(?!\w)/y, this.#source, end + 1) : undefined;
    if (marks !== undefined) {
      const [, words = '', target] = WITH_TARGET.exec(inner) ?? [null, inner, undefined];
      const url = target ?? this.#definitions.targets.get(inner.toLowerCase()) ?? '';
      this.#link(unescaped(words || url), url);
      return end + 1 + marks[0].length;
    }
    const suffix = prefix === undefined ? match(SUFFIX_ROLE, this.#source, end + 1) : undefined;
    this.#push(roleNode(prefix ?? suffix?.[1] ?? '', inner), 0);
    return end + 1 + (suffix?.[0].length ?? 0);
  }

  /** `name_`, only where the document defines the name: `member_` is a name in code. */
  #reference(at: number): boolean {
    if (/[\w]/.test((this.#source.slice(at).replace(/^__?/, '')[0] ?? '') || ' ')) return false;
    const name = /[A-Za-z0-9][\w.+-]*$/.exec(this.#words.slice(-80))?.[0] ?? '';
    const url = this.#definitions.targets.get(name.toLowerCase());
    if (name === '' || url === undefined) return false;
    this.#words = this.#words.slice(0, -name.length);
    this.#link(name, url);
    return true;
  }

  #link(words: string, url: string): void {
    if (/^https?:\/\//.test(url)) this.#push({ type: 'link', url, children: [text(words)] }, 0);
    else this.#words += words;
  }

  /** Where `mark` closes what opened before `from`. */
  #close(mark: string, from: number): number | undefined {
    const source = this.#source;
    if (this.#unclosed.has(mark) || /\s/.test(source[from] ?? ' ')) return undefined;
    for (let end = source.indexOf(mark, from + 1); end >= 0; end = source.indexOf(mark, end + 1)) {
      const before = source[end - 1] ?? '';
      const after = source[end + mark.length] ?? ' ';
      if (/\s/.test(before) || (before === '\\' && mark !== '``')) continue;
      if (AFTER.test(after) || (/\p{P}/u.test(after) && after !== mark[0])) return end;
    }
    this.#unclosed.add(mark);
    return undefined;
  }

  #push(node: PhrasingContent, next: number): number {
    this.#flush();
    this.#nodes.push(node);
    return next;
  }

  #flush(): void {
    if (this.#words !== '') this.#nodes.push(text(this.#words));
    this.#words = '';
  }
}

/** Verilator's manual writes the space of a metacomment (verilator lint_off) as `&32;`; people search for the space. */
function spaced(literal: string): string {
  return literal.replace(/&32;/g, ' ');
}

function roleNode(role: string, inner: string): PhrasingContent {
  const words = spaced(unescaped((WITH_TARGET.exec(inner)?.[1] || inner).replace(/^[~!]/, '')));
  if (!WORD_ROLES.test(role)) return { type: 'inlineCode', value: words };
  if (role === 'strong') return { type: 'strong', children: [text(words)] };
  if (role.startsWith('cite') || role === 'footcite') return text(`[${words}]`);
  if (role === 'rfc' || role === 'pep') return text(`${role.toUpperCase()} ${words}`);
  return text(role === 'numref' ? words.replace(/\s*(?:%s|\{number\})/g, '') : words);
}

function match(pattern: RegExp, source: string, at: number): RegExpExecArray | undefined {
  pattern.lastIndex = at;
  return pattern.exec(source) ?? undefined;
}
