// How much of a text that is still being written will not change its meaning any more.

const SENTENCE_END =
  /[.!?]["'”’)*_]*(?:[ \t]*\[\d{1,2}\])*[ \t]+(?=[^\s[【])|\n(?=[ \t]*(?:[-*+]|\d{1,3}[.)]) \S)/g;
const FENCE = /^[ \t]*(`{3,}|~{3,})/gm;

/**
 * The length of the settled beginning: up to the last finished block, or the last finished sentence or list item of the
 * block under way. Never inside a fence, a table, a code span or a bracket.
 */
export function settled(text: string): number {
  const fences = [...text.matchAll(FENCE)];
  const open = fences.length % 2 === 1 ? fences.at(-1)?.index : undefined;
  const closed = open === undefined ? text : text.slice(0, open);
  const gap = closed.lastIndexOf('\n\n');
  const block = gap < 0 ? 0 : gap + 2;
  if (open !== undefined) return open;
  const last = closed.slice(block);
  if (/^\s*[|<]|^\s*(?:`{3,}|~{3,})/.test(last)) return block;
  let end = 0;
  for (const match of last.matchAll(SENTENCE_END)) {
    const candidate = match.index + match[0].length;
    const before = last.slice(0, candidate);
    if (
      count(before, '`') % 2 === 0 &&
      count(before, '[') === count(before, ']') &&
      count(before, '**') % 2 === 0
    )
      end = candidate;
  }
  return block + end;
}

function count(text: string, what: string): number {
  return text.split(what).length - 1;
}
