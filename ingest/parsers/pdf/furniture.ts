// Takes off what is on the page but not in the text: running heads, page numbers, tables of contents.
import { type Line, lineText } from './lines.js';

export interface PageLines {
  readonly height: number;
  readonly lines: readonly Line[];
}

/** Running heads stand in this part of the page above the text, running feet in that one below it. */
const HEAD = 0.1;
const FOOT = 0.08;
const LEADER = /(?:\s?\.){6,}\s*\S{0,8}$/;
const CONTENTS = /^(?:table of )?contents$/i;
const PAGE_NUMBER = /^(?:page\s+)?(?:\d{1,4}|[ivxlc]{1,7})(?:\s*(?:\/|of)\s*\d{1,4})?$/i;

/** The lines of each page without running heads and feet, page numbers, the table of contents and the index. */
export function withoutFurniture(pages: readonly PageLines[]): Line[][] {
  const seen = new Map<string, number>();
  for (const page of pages)
    for (const key of new Set(page.lines.filter((line) => inMargin(line, page)).map(keyOf)))
      seen.set(key, (seen.get(key) ?? 0) + 1);
  const often = Math.max(2, Math.min(3, pages.length));
  const index = pages.findIndex(
    (page, at) =>
      at > pages.length * 0.8 &&
      page.lines.some((line) => /^index$/i.test(lineText(line)) && !inMargin(line, page)),
  );
  return pages.map((page, at) => {
    if (index > 0 && at >= index) return [];
    const text = page.lines.filter(
      (line) =>
        !inMargin(line, page) || !((seen.get(keyOf(line)) ?? 0) >= often || PAGE_NUMBER.test(lineText(line))),
    );
    const leaders = text.filter((line) => LEADER.test(lineText(line))).length;
    if (leaders > 2 && leaders * 2 >= text.length) return text.filter((line) => line.y > lowest(text));
    return text.filter(
      (line) => !LEADER.test(lineText(line)) && !(leaders > 2 && CONTENTS.test(lineText(line))),
    );
  });
}

/** The lowest line of a table of contents on its page. */
function lowest(lines: readonly Line[]): number {
  return Math.max(...lines.filter((line) => LEADER.test(lineText(line))).map((line) => line.y));
}

function inMargin(line: Line, page: PageLines): boolean {
  return line.y < page.height * HEAD || line.y > page.height * (1 - FOOT);
}

/** The same on every page: the words with their numbers left out, at the same height. */
function keyOf(line: Line): string {
  return `${lineText(line).replace(/\d+/g, '#')}@${Math.round(line.y / 6)}`;
}
