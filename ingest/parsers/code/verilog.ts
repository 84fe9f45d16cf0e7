// Verilog and SystemVerilog: modules and their like, by keyword and its end.
import { blank, type Definition, type Language, lineCounter } from './definition.js';

const NOISE = /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|"(?:\\.|[^"\\\n])*"/g;
const OPENING =
  'module|macromodule|interface|program|package|class|primitive|checker|function|task|covergroup';
const KEYWORD = new RegExp(
  `\\b(?:(${OPENING})\\b|(end(?:module|interface|program|package|class|primitive|checker|function|task)|endgroup)\\b)`,
  'g',
);
const NAME =
  /^\s+(?:automatic\s+|static\s+)*(?:[\w:[\]\s]*?)([A-Za-z_$][\w$]*)\s*(?:[#(;]|extends\b|implements\b|import\b|$)/;
/** What makes the word a mention: a type, a declaration without a body, a label behind an end. */
const MENTION =
  /(?:\btypedef|\bvirtual(?=\s+interface)|\bextern(?:\s+\w+)*|\bpure(?:\s+\w+)*|\bimport\s+(?:\w+\s*=\s*)?|\bexport|:)\s*$/;

export const verilog: Language = { fence: 'verilog', leads: /^\s*(?:\/\/|\/\*|\*|\(\*|.*\*\/\s*$)/, scan };

interface Open {
  readonly keyword: string;
  readonly name: string;
  readonly start: number;
  readonly children: Definition[];
}

function scan(source: string): Definition[] {
  const code = blank(source, NOISE);
  const lineOf = lineCounter(code);
  const found: Definition[] = [];
  const open: Open[] = [];
  for (const match of code.matchAll(KEYWORD)) {
    const [, keyword, end] = match;
    if (keyword !== undefined) {
      if (MENTION.test(code.slice(Math.max(0, match.index - 60), match.index))) continue;
      const after = code.slice(match.index + keyword.length, match.index + keyword.length + 300);
      open.push({ keyword, name: NAME.exec(after)?.[1] ?? '', start: lineOf(match.index), children: [] });
      continue;
    }
    const depth = open.findLastIndex((item) => closing(item.keyword) === end);
    const item = open[depth];
    if (item === undefined) continue;
    // What was opened since has no end, so it was a mention after all.
    for (const lost of open.splice(depth).slice(1)) item.children.push(...lost.children);
    const encloses = item.keyword === 'package' || item.keyword === 'class';
    const definition: Definition = {
      name: item.name,
      start: item.start,
      end: lineOf(match.index),
      kind: encloses ? 'class' : 'leaf',
      children: encloses ? item.children : [],
    };
    (open.at(-1)?.children ?? found).push(definition);
  }
  return [...found, ...open.flatMap((item) => item.children)].sort((a, b) => a.start - b.start);
}

function closing(keyword: string): string {
  if (keyword === 'macromodule') return 'endmodule';
  return keyword === 'covergroup' ? 'endgroup' : `end${keyword}`;
}
