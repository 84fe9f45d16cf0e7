// Directives of reStructuredText: what each leaves in the tree. An unknown one leaves its body.
import type { PhrasingContent, RootContent } from 'mdast';
import { code, item, type Lines, list, paragraph, phrasingOf, table, text } from '../nodes.js';
import { type Context, inside, type Place } from './context.js';
import { inline, unescaped } from './inline.js';
import { dedent, indentOf, joined, type Line, spanOf, takeIndented } from './lines.js';
import { csvRows, type DrawnRow } from './tables.js';

export interface Directive {
  /** In lower case, without a trailing `::`. */
  readonly name: string;
  /** What follows the name: its own line and further ones before the options. */
  readonly arguments: readonly Line[];
  readonly options: ReadonlyMap<string, string>;
  readonly content: readonly Line[];
  readonly lines: Lines;
}

const OPENING = /^\.\. +(?:\|[^|]+\| +)?([A-Za-z][\w:+.-]*?) ?::(?:\s+(\S.*))?$/;
const OPTION = /^:([\w -]+):(?:\s+(.*))?$/;

const CODE =
  /^(?:code|code-block|sourcecode|parsed-literal|math|productionlist|doctest|testcode|testoutput|prompt|console|code-cell|literal)$/;
const NOTES: ReadonlyMap<string, string> = new Map([
  ['attention', 'Attention'],
  ['caution', 'Caution'],
  ['danger', 'Danger'],
  ['error', 'Error'],
  ['hint', 'Hint'],
  ['important', 'Important'],
  ['note', 'Note'],
  ['tip', 'Tip'],
  ['warning', 'Warning'],
  ['seealso', 'See also'],
  ['versionadded', 'Added in version'],
  ['versionchanged', 'Changed in version'],
  ['versionremoved', 'Removed in version'],
  ['deprecated', 'Deprecated since version'],
]);
/** The argument is a title to read, above the body. */
const TITLED =
  /^(?:admonition|topic|sidebar|rubric|centered|table|tab|tab-item|group-tab|dropdown|details|collapse|card|grid-item-card)$/;
/** Nothing of it is prose: other files, pictures, page furniture, notes the authors left for themselves. */
const DROPPED =
  /^(?:literalinclude|include|image|raw|toctree|todo|todolist|contents|index|program|role|default-role|meta|bibliography|tabularcolumns|sectnum|section-numbering|target-notes|header|footer|highlight|module|currentmodule|graphviz|digraph|graph|uml|plantuml|mermaid|wavedrom|video|youtube|date|title|include-build-file|auto\w*|doxygen\w*|sphinx-.*|raw-html)$/;
/** Names a thing and describes it: an option, a command, a function. */
const DEFINITION =
  /^(?:option|cmdoption|describe|object|envvar|confval|setting|command|function|method|classmethod|staticmethod|attribute|property|data|exception|decorator|macro|type|var|member|enum|enumerator|struct|union|c?:?[a-z][\w-]*:[a-z][\w-]*)$/;

/** The directive whose first line is `lines[at]`, and where to go on; undefined when that line opens none. */
export function directiveAt(
  lines: readonly Line[],
  at: number,
): { readonly directive: Directive; readonly next: number } | undefined {
  const opening = OPENING.exec(lines[at]?.text ?? '');
  if (opening === null) return undefined;
  const no = lines[at]?.no ?? 1;
  const { body, next } = takeIndented(lines, at + 1);
  const args: Line[] = opening[2] === undefined ? [] : [{ text: opening[2], no }];
  const options = new Map<string, string>();
  let content = 0;
  // Arguments and options follow without a blank line; the first blank line ends them.
  if (body[0]?.no === no + 1)
    for (; content < body.length && body[content]?.text !== ''; content += 1) {
      const line = body[content] as Line;
      const option = OPTION.exec(line.text);
      if (option !== null) options.set((option[1] ?? '').toLowerCase(), option[2] ?? '');
      else if (options.size > 0 && indentOf(line.text) === 0) break;
      else if (options.size === 0) args.push({ text: line.text.trim(), no: line.no });
    }
  const name = (opening[1] ?? '').toLowerCase();
  const end = lines[next - 1]?.no ?? no;
  const lead = { arguments: args, options, content: dedent(body.slice(content)) };
  return { directive: { name, ...asBody(name, lead, body), lines: { start: no, end } }, next };
}

type Parts = Pick<Directive, 'arguments' | 'options' | 'content'>;

/** Code and notes may begin right under their directive: those lines are content, not arguments. */
function asBody(name: string, parts: Parts, body: readonly Line[]): Parts {
  const below = parts.arguments.filter((line) => line.no >= (body[0]?.no ?? Number.POSITIVE_INFINITY));
  if (below.length === 0 || !(CODE.test(name) || NOTES.has(name) || /^(?:list|csv)-table$/.test(name)))
    return parts;
  const first = body.findIndex((line) => line.no === below[0]?.no);
  return {
    arguments: parts.arguments.filter((line) => !below.includes(line)),
    options: parts.options,
    content: dedent(body.slice(first).filter((line) => parts.options.size === 0 || !OPTION.test(line.text))),
  };
}

/** Whether the directive names and describes something. */
export function isDefinition({ name, arguments: args }: Directive): boolean {
  if (name === 'class') return (args[0]?.text ?? '').includes('(');
  return DEFINITION.test(name) && !DROPPED.test(name.replace(/^.*:/, '')) && args.length > 0;
}

/** The names a definition defines, as phrasing: each is code. */
export function signatures(lines: readonly Line[]): PhrasingContent[] {
  return lines.flatMap((line, at): PhrasingContent[] => {
    const name: PhrasingContent = { type: 'inlineCode', value: unescaped(line.text) };
    return at === 0 ? [name] : [text(', '), name];
  });
}

/** What a directive other than a definition leaves in the tree. */
export function directiveNodes(directive: Directive, context: Context, place: Place): RootContent[] {
  const { name, content, lines } = directive;
  const argument = joined(directive.arguments);
  if (name === 'highlight') context.language = argument || null;
  const caption = captionOf(directive, context);
  if (DROPPED.test(name) || (name === 'figure' && content.length === 0)) return caption;
  if (CODE.test(name)) return [...caption, ...codeNodes(directive, context)];
  const note = NOTES.get(name);
  if (note !== undefined) return noteNodes(note, directive, context, place);
  if (name === 'figure') return [...caption, ...context.read(content, inside(place))];
  if (name === 'list-table')
    return [...titleNodes(directive, context), ...listTable(directive, context, place)];
  if (name === 'csv-table')
    return [...titleNodes(directive, context), ...csvTable(directive, context, place)];
  if (TITLED.test(name)) return [...titleNodes(directive, context), ...context.read(content, inside(place))];
  if (name === 'only' || name === 'ifconfig') return context.read(content, place);
  if (name === 'replace' || name === 'unicode') return [];
  const body = context.read(content, inside(place));
  return body.length > 0 || argument === '' || /^(?:container|class|compound)/.test(name)
    ? body
    : [paragraph(inline(argument, context), lines)];
}

function captionOf({ options, lines }: Directive, context: Context): RootContent[] {
  const caption = options.get('caption') ?? '';
  return caption === '' ? [] : [paragraph(inline(caption, context), lines)];
}

function titleNodes({ arguments: args }: Directive, context: Context): RootContent[] {
  if (args.length === 0) return [];
  return [paragraph([{ type: 'strong', children: inline(joined(args), context) }], spanOf(args))];
}

function codeNodes({ name, arguments: args, content, lines }: Directive, context: Context): RootContent[] {
  const language = (args[0]?.text ?? '').split(/\s/)[0] ?? '';
  if (name === 'math') {
    const formula = [...args, ...content];
    return formula.length === 0 ? [] : [code(joined(formula), 'math', spanOf(formula, lines.start))];
  }
  if (content.length === 0) return [];
  const lang = name === 'parsed-literal' ? null : language || (name === 'code' ? null : context.language);
  return [code(joined(content), lang === 'none' || lang === 'text' ? null : lang, spanOf(content))];
}

/** A note begins with its kind in bold and is prose like any other: it can be long, and may be cut. */
function noteNodes(kind: string, directive: Directive, context: Context, place: Place): RootContent[] {
  const lead = [...directive.arguments];
  const body = context.read(directive.content, inside(place));
  const label: PhrasingContent = { type: 'strong', children: [text(`${kind}:`)] };
  const words = lead.length > 0 ? inline(joined(lead), context) : [];
  const [first] = body;
  const continues = lead.length > 0 && directive.content[0]?.no === (lead.at(-1)?.no ?? 0) + 1;
  if (first?.type === 'paragraph' && (lead.length === 0 || continues)) {
    first.children.unshift(label, text(' '), ...(words.length > 0 ? [...words, text('\n')] : []));
    if (first.position) first.position.start.line = directive.lines.start;
    return body;
  }
  const spoken = words.length > 0 ? [label, text(' '), ...words] : [label];
  return [paragraph(spoken, spanOf(lead, directive.lines.start)), ...body];
}

function listTable({ content }: Directive, context: Context, place: Place): RootContent[] {
  const [rows] = context.read(content, inside(place));
  if (rows?.type !== 'list') return rows === undefined ? [] : context.read(content, inside(place));
  return [
    table(
      rows.children.map((row) => {
        const start = row.position?.start.line ?? 1;
        const lines = { start, end: row.position?.end.line ?? start };
        const cells = row.children.flatMap((child) =>
          child.type === 'list'
            ? child.children.map((cell) => phrasingOf(cell.children))
            : [phrasingOf([child])],
        );
        return { cells, lines };
      }),
    ),
  ];
}

function csvTable({ options, content, lines }: Directive, context: Context, place: Place): RootContent[] {
  const separator = { tab: '\t', space: ' ' }[options.get('delim') ?? ''] ?? options.get('delim')?.[0] ?? ',';
  const header = options.get('header');
  const rows = csvRows(
    [...(header === undefined ? [] : [{ text: header, no: lines.start }]), ...content],
    separator,
  );
  return rows.length === 0 ? [] : [drawnTable(rows, context, place)];
}

/** A drawn table as mdast; each cell is read like a small document. */
export function drawnTable(rows: readonly DrawnRow[], context: Context, place: Place): RootContent {
  return table(
    rows.map((row) => {
      const numbers = row.flatMap((cell) => cell.map((line) => line.no));
      const start = Math.min(...numbers);
      return {
        cells: row.map((cell) => phrasingOf(context.read(cell, inside(place)))),
        lines: Number.isFinite(start) ? { start, end: Math.max(...numbers) } : { start: 1, end: 1 },
      };
    }),
  );
}

/** Name and body as one item of a list: how definitions and fields stand where no heading may. */
export function described(name: PhrasingContent[], body: RootContent[], lines: Lines): RootContent {
  const [first, ...rest] = body;
  const opening =
    first?.type === 'paragraph'
      ? [
          paragraph([...name, text(': '), ...first.children], {
            start: lines.start,
            end: first.position?.end.line ?? lines.start,
          }),
          ...rest,
        ]
      : [paragraph(name, { start: lines.start, end: lines.start }), ...body];
  return list(false, [item(opening, lines)]);
}
