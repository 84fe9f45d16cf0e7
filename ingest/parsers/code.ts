// Programs as mdast: each definition a block of its own with its comment, under the classes and namespaces around it.
import { basename } from 'node:path/posix';
import type { Code, Root, RootContent } from 'mdast';
import type { Parser } from '../parsed-document.js';
import { c } from './code/c.js';
import type { Definition, Language } from './code/definition.js';
import { python } from './code/python.js';
import { tcl } from './code/tcl.js';
import { verilog } from './code/verilog.js';
import { decodeText } from './decode.js';
import { code, heading, text } from './nodes.js';

/** Lines up to which a class is read as a whole. */
const SMALL_CLASS = 40;

const BY_EXTENSION = new Map<string, Language>(
  (
    [
      [tcl, 'tcl sdc xdc upf'],
      [verilog, 'v vh sv svh'],
      [python, 'py pyi'],
      [c, 'c h cc cpp cxx hh hpp hxx'],
    ] as const
  ).flatMap(([language, extensions]) => extensions.split(' ').map((extension) => [extension, language])),
);

/** Program sources; the language by the extension, Tcl where it says none. Positions are lines. */
export const parseCode: Parser = async (bytes, path) => {
  const { text: source, warnings } = decodeText(bytes);
  const extension = /\.(\w+)$/.exec(path)?.[1]?.toLowerCase() ?? '';
  const language = BY_EXTENSION.get(extension) ?? (/^#!.*python/.test(source) ? python : tcl);
  const reading = { language, lines: source.split('\n') };
  const children = region(reading, licenceLines(reading) + 1, reading.lines.length, language.scan(source), 1);
  const tree: Root = { type: 'root', children };
  return { title: basename(path), tree, warnings };
};

interface Reading {
  readonly language: Language;
  readonly lines: readonly string[];
}

/** Lines `start` to `end`: the definitions in them, and what stands between as blocks. */
function region(
  reading: Reading,
  start: number,
  end: number,
  definitions: readonly Definition[],
  depth: number,
): RootContent[] {
  const nodes: RootContent[] = [];
  let next = start;
  for (const definition of definitions) {
    if (definition.start < next || definition.end > end) continue;
    const first = firstLine(reading, definition.start, next);
    nodes.push(...block(reading, next, first - 1), ...defined(reading, first, definition, depth));
    next = definition.end + 1;
  }
  return [...nodes, ...block(reading, next, end)];
}

function defined(reading: Reading, first: number, definition: Definition, depth: number): RootContent[] {
  const { kind, children, name, start, end } = definition;
  if (children.length === 0 || (kind === 'class' && end - start < SMALL_CLASS)) {
    return block(reading, first, end, true);
  }
  // Of a namespace only what it encloses; a class begins with its comment, its bases and its fields.
  const inside =
    kind === 'class'
      ? region(reading, first, end, children, depth + 1)
      : region(
          reading,
          Math.min(start + 1, children[0]?.start ?? end),
          Math.max(end - 1, children.at(-1)?.end ?? start),
          children,
          depth + 1,
        );
  // A heading without words says where the enclosing one ends.
  return [
    heading(depth, [text(name)], { start: first, end: first }),
    ...inside,
    heading(depth, [], { start: end, end }),
  ];
}

/** The first line of the comment, decorator or attribute that stands right above `line`. */
function firstLine({ language, lines }: Reading, line: number, floor: number): number {
  let first = line;
  while (first > floor) {
    const above = lines[first - 2] ?? '';
    if (above.trim() === '' || !language.leads.test(above)) break;
    first -= 1;
    if (!/\*\/\s*$/.test(above)) continue;
    while (first > floor && !(lines[first - 1] ?? '').includes('/*')) first -= 1;
  }
  return first;
}

/** Lines `start` to `end` as code, moved to the margin; nothing where only brackets stand. */
function block({ language, lines }: Reading, start: number, end: number, unit = false): Code[] {
  let first = start;
  let last = end;
  while (first <= last && (lines[first - 1] ?? '').trim() === '') first += 1;
  while (last >= first && (lines[last - 1] ?? '').trim() === '') last -= 1;
  const own = lines.slice(first - 1, last);
  if (!own.some((line) => /\w/.test(line))) return [];
  const margin = own
    .filter((line) => line.trim() !== '')
    .reduce((least, line) => Math.min(least, line.search(/[^ \t]/)), Number.POSITIVE_INFINITY);
  const node = code(own.map((line) => line.slice(margin)).join('\n'), language.fence, {
    start: first,
    end: last,
  });
  if (unit) node.data = { unit };
  return [node];
}

/** How many lines at the top say who owns the file: the same in every file, and no answer to anything. */
function licenceLines({ language, lines }: Reading): number {
  const end = lines.findIndex((line, at) => line.trim() === '' || !(language.leads.test(line) || at === 0));
  const top = lines.slice(0, Math.max(0, end));
  return top.length > 0 && language.leads.test(top[0] ?? '') && /copyright|SPDX-License/i.test(top.join('\n'))
    ? end
    : 0;
}
