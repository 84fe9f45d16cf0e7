// Python: functions and classes, by indentation.
import { blank, type Definition, type Language } from './definition.js';

const STRINGS = /"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|#[^\n]*/g;
const HEAD = /^([ \t]*)(?:async[ \t]+)?(def|class)[ \t]+(\w+)/;

export const python: Language = {
  fence: 'python',
  leads: /^\s*[#@]/,
  scan(source) {
    // Inside brackets, indentation means nothing.
    const lines = blank(withoutBrackets(blank(source, STRINGS)), /\\\n[^\n]*/g).split('\n');
    return scan(lines, 0, lines.length);
  },
};

function scan(lines: readonly string[], from: number, to: number): Definition[] {
  const found: Definition[] = [];
  let decorated: number | undefined;
  for (let at = from; at < to; at++) {
    const line = lines[at] ?? '';
    const [, indent = '', keyword, name = ''] = HEAD.exec(line) ?? [];
    if (keyword === undefined) {
      // The arguments of a decorator are blanked, so that only its own line begins with a word.
      if (/^\s*@/.test(line)) decorated ??= at;
      else if (/^\s*\w/.test(line)) decorated = undefined;
      continue;
    }
    const end = endOfBlock(lines, at, to, width(indent));
    const children = keyword === 'class' ? scan(lines, at + 1, end) : [];
    found.push({
      name,
      start: (decorated ?? at) + 1,
      end,
      kind: keyword === 'class' ? 'class' : 'leaf',
      children,
    });
    decorated = undefined;
    at = end - 1;
  }
  return found;
}

/** The 1-based last line with words that is indented deeper than the head. */
function endOfBlock(lines: readonly string[], head: number, to: number, indent: number): number {
  let last = head;
  for (let at = head + 1; at < to; at++) {
    const line = lines[at] ?? '';
    if (line.trim() === '') continue;
    if (width(/^[ \t]*/.exec(line)?.[0] ?? '') <= indent) break;
    last = at;
  }
  return last + 1;
}

function width(indent: string): number {
  return indent.replace(/\t/g, '        ').length;
}

function withoutBrackets(source: string): string {
  let depth = 0;
  let out = '';
  for (const character of source) {
    if (depth > 0 && /[)\]}]/.test(character)) depth -= 1;
    out += depth > 0 && character !== '\n' ? ' ' : character;
    if (/[([{]/.test(character)) depth += 1;
  }
  return out;
}
