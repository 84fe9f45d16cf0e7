// What the team's own documents teach about words: abbreviations and their long forms, names of the same thing, and how a word is written.
import type { CorpusChunk } from '../corpus.js';

export interface Vocabulary {
  /** "WNS" -> "worst negative slack". */
  readonly longForms: ReadonlyMap<string, string>;
  /** "worst negative slack" -> "WNS". */
  readonly shortForms: ReadonlyMap<string, string>;
  /** Finds every long form; null when none is known. */
  readonly spelled: RegExp | null;
  /** Names without backticks, both ways: "--binary" -> "--main". */
  readonly aliases: ReadonlyMap<string, string>;
  /** Lower-cases the words of a heading that are ordinary words here, and leaves names: "Set Wire RC" -> "set wire RC". */
  lowered(heading: string): string;
}

/** As many chunks say enough about how words are written. */
const READ_CHUNKS = 20_000;

export function learnVocabulary(chunks: readonly Pick<CorpusChunk, 'text'>[]): Vocabulary {
  const lower = new Map<string, number>();
  const upper = new Map<string, number>();
  const pairs = new Map<string, Map<string, number>>();
  const aliases = new Map<string, string>();
  const step = Math.max(1, Math.floor(chunks.length / READ_CHUNKS));
  for (let at = 0; at < chunks.length; at += step) {
    const text = chunks[at]?.text ?? '';
    for (const [word] of text.matchAll(LOWER_WORD)) lower.set(word, (lower.get(word) ?? 0) + 1);
    for (const [word] of text.matchAll(UPPER_WORD))
      upper.set(word.toLowerCase(), (upper.get(word.toLowerCase()) ?? 0) + 1);
    for (const { short, long } of abbreviationsIn(text)) {
      const counts = pairs.get(short) ?? new Map<string, number>();
      pairs.set(short, counts.set(long, (counts.get(long) ?? 0) + 1));
    }
    for (const [, one = '', other = ''] of text.matchAll(ALIAS)) {
      if (one === other) continue;
      aliases.set(one, other);
      aliases.set(other, one);
    }
  }
  const longForms = new Map<string, string>();
  for (const [short, counts] of pairs) {
    const [best, second] = [...counts].sort((a, b) => b[1] - a[1]);
    // An abbreviation of two things stands for neither.
    if (
      best !== undefined &&
      (second === undefined || best[1] >= 3 * second[1] || stem(best[0]) === stem(second[0]))
    )
      longForms.set(short, best[0]);
  }
  // What stands in the middle of sentences more often with a capital is a name.
  const isOrdinary = (word: string) => (lower.get(word) ?? 0) > (upper.get(word) ?? 0);
  const lowered = (heading: string) =>
    heading
      .split(' ')
      .map((word) => {
        const plain = /^\p{Lu}\p{Ll}+(?:-\p{Lu}?\p{Ll}+)*[,:]?$/u.test(word);
        const parts = word.toLowerCase().replace(/[,:]$/u, '').split('-');
        return (plain && parts.every(isOrdinary)) || /^(?:A|An|The)$/.test(word) ? word.toLowerCase() : word;
      })
      .join(' ');
  const shortForms = new Map([...longForms].map(([short, long]) => [long.toLowerCase(), short]));
  const longest = [...shortForms.keys()].sort((a, b) => b.length - a.length);
  const spelled =
    longest.length === 0 ? null : new RegExp(`(?<![\\w-])(?:${longest.join('|')})(?![\\w-])`, 'giu');
  return { longForms, shortForms, spelled, aliases, lowered };
}

const LOWER_WORD = /(?<![\p{L}\p{N}_`./-])\p{Ll}{2,}(?![\p{L}\p{N}_`/]|\.\p{L})/gu;

/** Inside a sentence, not at its beginning. */
const UPPER_WORD = /(?<=\p{Ll}[,)]? )\p{Lu}\p{Ll}+(?![\p{L}\p{N}_`/])/gu;

const ALIAS =
  /`([^`\s]{3,40})`[^.`\n]{0,40}?\b(?:(?:an )?(?:alias|synonym|shorthand|abbreviation|short) (?:for|of)|equivalent to|(?:the )?same as|also (?:known as|called)|renamed to|replaced by)\s+`([^`\s]{3,40})`/giu;

/** "long form (ABBR)", "ABBR (long form)" and "ABBR: long form", where the letters fit (after Schwartz and Hearst 2003). */
export function* abbreviationsIn(text: string): Generator<{ readonly short: string; readonly long: string }> {
  for (const { 1: before = '', 2: short = '' } of text.matchAll(
    /((?:[\p{L}-]+[ \n]){1,8}[\p{L}-]+)\*{0,2}[ \n]\(\*{0,2}"?([A-Z][A-Za-z]{0,6}[A-Z])"?s?\*{0,2}\)/gu,
  )) {
    const long = longFormOf(short, before.split(/\s+/u));
    if (long !== undefined) yield { short, long };
  }
  for (const { 1: short = '', 2: after = '' } of text.matchAll(
    /(?<![\p{L}_-])([A-Z][A-Za-z]{0,6}[A-Z])[`*]*(?: \(| ?[:–—] | - | stands for )[`*]*((?:[\p{L}-]+[ \n]){1,6}[\p{L}-]+)/gu,
  )) {
    const words = after.split(/\s+/u);
    for (let length = 2; length <= words.length; length++) {
      const long = longFormOf(short, words.slice(0, length));
      if (long === undefined || wordsOf(long) !== wordsOf(words.slice(0, length).join(' '))) continue;
      yield { short, long };
      break;
    }
  }
}

/** The shortest run of words at the end whose initials are the letters of `short`; small words and the parts of a hyphened one may be passed over. */
function longFormOf(short: string, words: readonly string[]): string | undefined {
  const letters = short.toLowerCase();
  for (let start = words.length - 2; start >= 0; start--) {
    const run = words.slice(start);
    const parts = run.flatMap((word) => word.split('-')).filter((part) => part !== '');
    const initials = parts.map((part) => part.charAt(0).toLowerCase()).join('');
    const strong = parts
      .filter((part) => !SMALL.has(part.toLowerCase()))
      .map((part) => part.charAt(0).toLowerCase())
      .join('');
    if (initials === letters || strong === letters) {
      return SMALL.has((run[0] ?? '').toLowerCase())
        ? undefined
        : run
            .map((word) => (/^\p{Lu}\p{Ll}+(?:-\p{L}+)*$/u.test(word) ? word.toLowerCase() : word))
            .join(' ');
    }
  }
  return undefined;
}

const SMALL = new Set(['of', 'the', 'and', 'for', 'in', 'to', 'a', 'an', 'on', 'by', 'with', 'or', 'at']);

function wordsOf(text: string): string {
  return text.toLowerCase();
}

function stem(long: string): string {
  return long
    .toLowerCase()
    .replace(/[^a-z]/g, '')
    .replace(/s$/, '');
}
