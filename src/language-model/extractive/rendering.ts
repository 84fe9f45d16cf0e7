// Excerpts as Markdown: one block per line quoted, each with its marker.
import { ELLIPSIS, escaped, withoutLinks } from './inline.js';
import type { Excerpt } from './quotation.js';
import { fitsOneLine, type Unit } from './units.js';

const LONGEST_CODE_LINE = 200;

/** The blocks of the answer, to be set apart by blank lines. */
export function render(excerpts: readonly Excerpt[]): string[] {
  const blocks: string[] = [];
  let codeBlocks = 0;
  for (const { marker, headings, units } of excerpts) {
    // Once more: two harmless pieces of text may have met as one URL.
    const cite = (line: string): string => `${withoutLinks(line)} [${marker}]`;
    let introduced = false;
    for (const group of grouped(units)) {
      const [first] = group;
      if (first === undefined) continue;
      if (first.kind === 'sentence') {
        blocks.push(cite(lineStart(joined(group))));
        introduced = true;
      } else if (first.kind === 'code') {
        if (fitsOneLine(first) && (codeBlocks > 0 || !introduced)) {
          blocks.push(cite(`\`${first.text.trim()}\``));
        } else {
          if (!introduced) blocks.push(cite(`**${escaped(headings.at(-1) ?? '')}**`));
          blocks.push(codeBlock(first));
          codeBlocks += 1;
        }
        introduced = true;
      } else {
        if (!introduced && headings.length > 0) blocks.push(`**${escaped(headings.at(-1) ?? '')}**`);
        introduced = true;
        blocks.push(
          group
            .map(({ step, text }) => cite(`${step === undefined ? '-' : `${step}.`} ${lineStart(text)}`))
            .join('\n'),
        );
      }
    }
  }
  return blocks;
}

/** Sentences of one paragraph; where some were left out, it shows. */
function joined(sentences: readonly Unit[]): string {
  return sentences
    .map(({ text, index }, at) => {
      const before = sentences[at - 1];
      if (before === undefined) return text;
      return before.index + 1 === index ? ` ${text}` : ` ${ELLIPSIS} ${text}`;
    })
    .join('');
}

/** Neighbours that read as one: sentences of a paragraph, items of a list. */
function grouped(units: readonly Unit[]): Unit[][] {
  const groups: Unit[][] = [];
  for (const unit of units) {
    const last = groups.at(-1);
    const [head] = last ?? [];
    if (last !== undefined && head?.block === unit.block && head.kind === unit.kind && unit.kind !== 'code')
      last.push(unit);
    else groups.push([unit]);
  }
  return groups;
}

/** Text that would open a heading, a list or a quote is told not to. */
function lineStart(text: string): string {
  return text
    .replace(/^(?:[#>+=-]|\d{1,9}(?=[.)]))/u, (mark) => (/^\d/u.test(mark) ? mark : `\\${mark}`))
    .replace(/^(\d{1,9})([.)])(?=\s|$)/u, '$1\\$2');
}

function codeBlock({ text, language }: Unit): string {
  const lines = text
    .replace(/\s+$/u, '')
    .split('\n')
    .map((line) =>
      line.length > LONGEST_CODE_LINE ? `${line.slice(0, LONGEST_CODE_LINE)} ${ELLIPSIS}` : line.trimEnd(),
    );
  const longest = Math.max(2, ...Array.from(text.matchAll(/`+/gu), ([run]) => run.length));
  const fence = '`'.repeat(longest + 1);
  return [`${fence}${language ?? ''}`, ...lines, fence].join('\n');
}
