// What the readers of reStructuredText share while they walk one document.
import type { Heading, RootContent } from 'mdast';
import type { Definitions } from './inline.js';
import type { Line } from './lines.js';

/** Where in the document a run of lines is read. */
export interface Place {
  /** Whether headings may stand here: not inside lists, tables or notes. */
  readonly flat: boolean;
  /** How many definitions it is inside of. */
  readonly definitions: number;
  /** How many blocks of any kind it is inside of. */
  readonly nesting: number;
}

export interface Context extends Definitions {
  /** Title adornments in order of first use: the first is the top. */
  readonly styles: string[];
  /** Depth of the section being read; 0 before the first title. */
  depth: number;
  /** The heading that text at the outermost level belongs to. */
  section: Heading | undefined;
  /** Language of `::` blocks, from `.. highlight::`. */
  language: string | null;
  read(lines: readonly Line[], place: Place): RootContent[];
}

/** Deeper nesting than any document has: beyond it, text is kept as it is. */
export const DEEPEST = 40;

/** Inside of `place`, where no heading may stand. */
export function inside(place: Place): Place {
  return { ...place, flat: false, nesting: place.nesting + 1 };
}

const TARGET = /^\s*\.\. _(`[^`]+`|(?:[^:\\]|\\.)+):(?:\s+(\S.*))?$/;
const INLINE_TARGET = /`([^`<]+?)\s*<(https?:[^>]+)>`_(?!_)/g;
const SUBSTITUTION = /^\s*\.\. \|([^|]+)\| ([\w-]+)::\s*(.*)$/;

/** Everything a document defines for use elsewhere in it. */
export function definitionsOf(lines: readonly Line[]): Definitions {
  const substitutions = new Map<string, string>();
  const targets = new Map<string, string>();
  for (const [at, { text }] of lines.entries()) {
    const target = TARGET.exec(text);
    if (target !== null) targets.set(nameOf(target[1] ?? ''), target[2] ?? '');
    for (const [, name = '', url = ''] of text.matchAll(INLINE_TARGET)) targets.set(nameOf(name), url);
    const substitution = SUBSTITUTION.exec(text);
    if (substitution === null) continue;
    const [, name = '', directive, first = ''] = substitution;
    const more: string[] = [];
    for (let next = at + 1; /^\s+[^\s:.]/.test(lines[next]?.text ?? ''); next += 1)
      more.push((lines[next]?.text ?? '').trim());
    substitutions.set(name.toLowerCase(), substitute(directive ?? '', [first, ...more].join(' ')));
  }
  return { substitutions, targets };
}

function substitute(directive: string, value: string): string {
  if (directive === 'replace') return value.trim();
  if (directive !== 'unicode') return '';
  return value
    .replace(/(?:0x|U\+|\\u|&#x)([0-9A-Fa-f]{1,6});?/g, (_, hex: string) => {
      const point = Number.parseInt(hex, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : '';
    })
    .trim();
}

function nameOf(source: string): string {
  return source.replace(/^`|`$/g, '').replace(/\\(.)/g, '$1').trim().toLowerCase();
}
