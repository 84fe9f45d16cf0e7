// An answer as plain text for a terminal or a pipe.
import {
  type Answer,
  type Citation,
  type Notice,
  nearestLine,
  placesOf,
} from '../../src/conversation/answer.js';

/** The text, then the numbered sources (or the nearest documents when nothing answered), then the note. Ends without a newline. */
export function renderAnswer(answer: Answer): string {
  const parts: string[] = [answer.markdown.trim()];
  if (answer.citations.length > 0) parts.push(`Sources\n${answer.citations.map(sourceLine).join('\n')}`);
  if (answer.nearest.length > 0) {
    parts.push(`Closest documents\n${answer.nearest.map(nearLine).join('\n')}`);
  }
  if (answer.note !== undefined) parts.push(`(${answer.note})`);
  return parts.filter((part) => part !== '').join('\n\n');
}

export function renderNotice(notice: Notice): string {
  return `${notice.text} (reference ${notice.reference})`;
}

function sourceLine(citation: Citation): string {
  return `  [${citation.marker}] ${describe(citation)}`;
}

/** With the line that comes nearest: the person may see at once that it is the answer after all. */
function nearLine(near: Citation): string {
  return `  - ${describe(near, nearestLine(near))}`;
}

function describe(citation: Citation, line = ''): string {
  const { title, path, href } = citation;
  const name = [title, ...path]
    .filter((part, at, all) => part !== '' && all.indexOf(part) === at)
    .join(' > ');
  return [name, placesOf(citation), href, line]
    .filter((part) => part !== undefined && part !== '')
    .join('\n      ');
}
