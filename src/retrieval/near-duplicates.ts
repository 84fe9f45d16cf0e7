// Passages that say the same, such as a page in two versions or in two repositories: one is shown, the others are named.
import { isNewer } from './newer.js';
import { type Copy, headingLine, type Passage } from './passage.js';

/**
 * Share of their runs of three words, headings counted in, that two passages of different documents have in common when they are one.
 * Looked up in 5,113 chunks of six tools' documentation: from .85 on every pair is a copy or a licence, below there are first pages
 * that only share a pattern. Headings count because the same few words under another command's name say something else.
 */
const NEARLY_EQUAL = 0.85;

const RUN = 3;

const WORD = /[\p{L}\p{N}_]+(?:\.\p{N}+)*/gu;
const NUMBER = /^\p{N}+(?:\.\p{N}+)*$/u;

/**
 * `ranked`, best first, with passages that say the same in one place: that of the best ranked, with its score. Shown is the newest of
 * them where that can be told, else the best ranked; the others stand in its `alsoIn`, each exactly once.
 */
export function collapse(ranked: readonly Passage[]): Passage[] {
  const groups: Entry[][] = [];
  for (const [rank, passage] of ranked.entries()) {
    const entry = { rank, passage, print: printOf(passage) };
    // One that says the same as two others makes all of them one, so that no two of the result say the same.
    const joined = groups.filter((group) => group.some((other) => saysTheSame(other, entry)));
    const [first] = joined;
    if (first === undefined) {
      groups.push([entry]);
      continue;
    }
    for (const other of joined.slice(1)) {
      first.push(...other);
      groups.splice(groups.indexOf(other), 1);
    }
    first.push(entry);
  }
  return groups.map((group) => {
    const members = group.sort((a, b) => a.rank - b.rank).map(({ passage }) => passage);
    const [best] = members as [Passage];
    if (members.length === 1) return best;
    const shown = members.reduce((newest, one) => (isNewer(one.document, newest.document) ? one : newest));
    const words = wordsOf(shown.text).join(' ');
    const others = members.flatMap((one) => [
      ...(one === shown ? [] : [copyOf(one, wordsOf(one.text).join(' ') !== words)]),
      ...(one.alsoIn ?? []),
    ]);
    return { ...shown, score: best.score, alsoIn: others };
  });
}

interface Entry {
  readonly rank: number;
  readonly passage: Passage;
  readonly print: Print;
}

/** What is compared of a passage. */
interface Print {
  readonly headings: string;
  /** The words with numbers made alike: a page in two versions may differ in one default value. */
  readonly withoutNumbers: string;
  readonly runs: ReadonlySet<number>;
}

function printOf({ document, path, text }: Passage): Print {
  const headings = wordsOf(headingLine(document.title, path));
  const words = wordsOf(text);
  return {
    headings: headings.join(' '),
    withoutNumbers: words.map((word) => (NUMBER.test(word) ? '0' : word)).join(' '),
    runs: runsOf([...headings, ...words]),
  };
}

function wordsOf(text: string): string[] {
  return text.normalize('NFKC').toLowerCase().match(WORD) ?? [];
}

/** Hashes of the runs (FNV-1a over their words): numbers compare faster than words, and a search waits for it. */
function runsOf(words: readonly string[]): Set<number> {
  const runs = new Set<number>();
  for (let at = 0; at <= Math.max(0, words.length - RUN); at++) {
    let hash = 0x811c9dc5;
    for (let offset = 0; offset < RUN; offset++) {
      const word = words[at + offset] ?? '';
      for (let index = 0; index <= word.length; index++)
        hash = Math.imul(hash ^ (index < word.length ? word.charCodeAt(index) : 0), 0x01000193);
    }
    runs.add(hash);
  }
  return runs;
}

/** Sections of one document never are: what differs little there differs on purpose. */
function saysTheSame(a: Entry, b: Entry): boolean {
  if (a.passage.document.id === b.passage.document.id) return false;
  if (a.print.headings === b.print.headings && a.print.withoutNumbers === b.print.withoutNumbers) return true;
  const [one, other] = [a.print.runs, b.print.runs];
  const [fewer, more] = one.size < other.size ? [one, other] : [other, one];
  // common / (fewer + more - common) >= NEARLY_EQUAL, solved for what may be missing.
  let mayMiss = fewer.size - (NEARLY_EQUAL / (1 + NEARLY_EQUAL)) * (fewer.size + more.size);
  for (const run of fewer) {
    if (mayMiss < 0) return false;
    if (!more.has(run)) mayMiss--;
  }
  return mayMiss >= 0;
}

function copyOf({ document, path, place, href }: Passage, differs: boolean): Copy {
  return { document, path, place, ...(href === undefined ? {} : { href }), differs };
}
