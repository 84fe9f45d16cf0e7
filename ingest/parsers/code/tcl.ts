// Tcl: procedures, in the namespaces and classes that enclose them.
import { type Definition, type Language, lineCounter } from './definition.js';

const LEAF = /^(?:proc|::proc|method|constructor|destructor|itcl::body|oo::define|snit::method)\s+(\S+)/;
const NAMESPACE = /^(?:::)?namespace\s+eval\s+(\S+)\s+\{/;
const CLASS = /^(?:(?:::)?(?:oo::class\s+create|itcl::class|snit::type|snit::widget)|class)\s+(\S+)\s+\{/;
const SYNOPSIS = /^(?:::)?(?:sta::)?define_cmd_args\s+"?([\w:]+)/;

export const tcl: Language = {
  fence: 'tcl',
  leads: /^\s*#/,
  scan: (source) => scan(source, 0, source.length, lineCounter(source)),
};

function scan(source: string, from: number, to: number, lineOf: (offset: number) => number): Definition[] {
  const found: Definition[] = [];
  let synopsis: { name: string; start: number; end: number } | undefined;
  for (const { start, end } of commands(source, from, to)) {
    const command = source.slice(start, Math.min(end, start + 400));
    const lines = { start: lineOf(start), end: lineOf(Math.max(start, end - 1)) };
    const leaf = LEAF.exec(command)?.[1];
    const enclosing = NAMESPACE.exec(command) ?? CLASS.exec(command);
    if (leaf !== undefined) {
      // OpenSTA declares the arguments right above the procedure: they are its documentation.
      const own = synopsis?.name === leaf && synopsis.end + 2 >= lines.start ? synopsis.start : lines.start;
      found.push({ name: leaf, start: own, end: lines.end, kind: 'leaf', children: [] });
    } else if (enclosing !== null) {
      const children = scan(source, start + enclosing[0].length, source.lastIndexOf('}', end), lineOf);
      const kind = NAMESPACE.test(command) ? 'namespace' : 'class';
      found.push({ name: enclosing[1] ?? '', ...lines, kind, children });
    }
    const name = SYNOPSIS.exec(command)?.[1];
    synopsis = name === undefined ? undefined : { name, ...lines };
  }
  return found;
}

/** The commands between two offsets, without comments. An unclosed brace runs to the end. */
function* commands(source: string, from: number, to: number): Generator<{ start: number; end: number }> {
  let at = from;
  while (at < to) {
    if (/[\s;]/.test(source[at] ?? '')) {
      at += 1;
      continue;
    }
    const end = source[at] === '#' ? endOfComment(source, at, to) : endOfCommand(source, at, to);
    if (source[at] !== '#') yield { start: at, end };
    at = Math.max(end, at + 1);
  }
}

function endOfComment(source: string, from: number, to: number): number {
  for (let at = from; at < to; at++) {
    if (source[at] === '\\') at += 1;
    else if (source[at] === '\n') return at;
  }
  return to;
}

function endOfCommand(source: string, from: number, to: number): number {
  let braces = 0;
  let brackets = 0;
  let quoted = false;
  for (let at = from; at < to; at++) {
    const character = source[at];
    if (character === '\\') at += 1;
    else if (quoted) quoted = character !== '"';
    else if (character === '{') braces += 1;
    else if (character === '}') braces = Math.max(0, braces - 1);
    else if (braces > 0) continue;
    else if (character === '"' && /[\s[]/.test(source[at - 1] ?? ' ')) quoted = true;
    else if (character === '[') brackets += 1;
    else if (character === ']') brackets = Math.max(0, brackets - 1);
    else if (brackets === 0 && (character === '\n' || character === ';')) return at;
  }
  return to;
}
