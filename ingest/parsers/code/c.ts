// C and C++: functions, classes and namespaces, by braces and what stands in front of them.
import { blank, type Definition, type Language, lineCounter } from './definition.js';

const NOISE =
  /\/\/[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|R"(\w*)\([\s\S]*?\)\1"|"(?:\\.|[^"\\\n])*"|(?<!\w)'(?:\\.|[^'\\\n])+'|^[ \t]*#(?:[^\n\\]|\\[\s\S])*/gm;
const NAMESPACE = /\bnamespace\b\s*([\w:]*)\s*$/;
const TYPE =
  /\b(class|struct|union|enum)\b(?:\s+(?:class|struct))?(?:\s+[A-Z_]+(?=\s+\w))?\s+([\w:]+)[^()=;]*$/;
const CONTROL = /^\s*(?:if|for|while|switch|do|else|try|catch|return)\b/;

export const c: Language = { fence: 'cpp', leads: /^\s*(?:\/\/|\/\*|\*|.*\*\/\s*$)/, scan };

function scan(source: string): Definition[] {
  // `extern "C"` only says how to link: its braces are not there for us.
  const code = blank(source, NOISE);
  return scanBlock(code, 0, code.length, lineCounter(code));
}

function scanBlock(code: string, from: number, to: number, lineOf: (offset: number) => number): Definition[] {
  const found: Definition[] = [];
  let head = from;
  for (let at = from; at < to; at++) {
    const character = code[at];
    if (character === ';' || character === '}') head = at + 1;
    if (character !== '{') continue;
    const text = code
      .slice(head, at)
      .replace(/\b(?:public|private|protected)\s*:(?!:)/g, (label) => ' '.repeat(label.length));
    const start = lineOf(head + Math.max(0, text.search(/\S/)));
    let end = closingBrace(code, at, to);
    const space = NAMESPACE.exec(text);
    const type = TYPE.exec(text);
    if (space !== null || /\bextern\s*$/.test(text)) {
      const children = scanBlock(code, at + 1, end, lineOf);
      if (space?.[1]) found.push({ name: space[1], start, end: lineOf(end), kind: 'namespace', children });
      else found.push(...children);
    } else if (type !== null) {
      const members = type[1] === 'enum' ? [] : scanBlock(code, at + 1, end, lineOf);
      found.push({
        name: type[2] ?? '',
        start,
        end: lineOf(end),
        kind: type[1] === 'enum' ? 'leaf' : 'class',
        children: members,
      });
    } else if (/\)[^=]*$/.test(text) && !CONTROL.test(text)) {
      // Members may be initialised in braces before the body: the last block of the row is the body.
      for (let next = /^\s*(?:,[^;{}]*)?\{/.exec(code.slice(end + 1, end + 500)); next !== null; ) {
        end = closingBrace(code, end + next[0].length, to);
        next = /^\s*(?:,[^;{}]*)?\{/.exec(code.slice(end + 1, end + 500));
      }
      const name = /(~?\w+|operator\s*\S+)\s*\(/.exec(text)?.[1] ?? '';
      found.push({ name, start, end: lineOf(end), kind: 'leaf', children: [] });
    }
    at = end;
    head = end + 1;
  }
  return found;
}

/** The offset of the brace that closes the one at `open`; the last offset when none does. */
function closingBrace(code: string, open: number, to: number): number {
  let depth = 0;
  for (let at = open; at < to; at++) {
    if (code[at] === '{') depth += 1;
    else if (code[at] === '}' && --depth === 0) return at;
  }
  return Math.max(open, to - 1);
}
