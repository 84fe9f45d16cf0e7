// Which of two versions of a page is the newer one, where that can be told.
import type { DocumentRecord } from './passage.js';

/** `v2`, `1.3`, `v1.2.0`, `2024`: a version in a path, not the number of a page or of a message. */
const VERSION = /(?<![\p{L}\p{N}.])(?:v\d+(?:\.\d+)*|\d+(?:\.\d+)+|20\d\d)(?![\p{L}\p{N}])/giu;
const DATE = /^\d{4}-\d\d-\d\d/;
/** Words of a path that say a page is kept, not kept up: an older page, or a copy of one that lives elsewhere. */
const LEFT_BEHIND = new Set(
  (
    'archive archived archives attic backup backups deprecated legacy obsolete old outdated previous retired superseded ' +
    'fixture fixtures test tests third party vendor vendored'
  ).split(' '),
);

/**
 * Whether `a` is certainly newer than `b`: a higher version at the same place of otherwise equal paths, a later date as version, or
 * a path that does not call the page old where the other one does. Commits have no order that could be read from them.
 *
 * Headings are not asked: a section called deprecated is the newer one, as the older page did not know it yet.
 */
export function isNewer(a: DocumentRecord, b: DocumentRecord): boolean {
  const order =
    compareVersions(a, b) || compareDates(a.version, b.version) || leftBehind(b.path) - leftBehind(a.path);
  return order > 0;
}

function compareVersions(a: DocumentRecord, b: DocumentRecord): number {
  const [one, other] = [a, b].map(({ source, path }) => `${source}/${path}`) as [string, string];
  if (one.replace(VERSION, '#') !== other.replace(VERSION, '#')) return 0;
  const theirs = numbersOf(other);
  for (const [at, version] of numbersOf(one).entries()) {
    const against = theirs[at] ?? [];
    for (let part = 0; part < Math.max(version.length, against.length); part++) {
      const difference = (version[part] ?? 0) - (against[part] ?? 0);
      if (difference !== 0) return difference;
    }
  }
  return 0;
}

function numbersOf(path: string): number[][] {
  return (path.match(VERSION) ?? []).map((version) => (version.match(/\d+/g) ?? []).map(Number));
}

function compareDates(a: string, b: string): number {
  if (!DATE.test(a) || !DATE.test(b) || a === b) return 0;
  return a > b ? 1 : -1;
}

function leftBehind(path: string): number {
  return path
    .toLowerCase()
    .split(/[^\p{L}]+/u)
    .some((word) => LEFT_BEHIND.has(word))
    ? 1
    : 0;
}
