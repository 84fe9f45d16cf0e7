// What a passage is about, by its headings: the words a question needs to be understood without the page.
import type { CorpusChunk } from '../corpus.js';
import { contentWords } from './phrases.js';
import { ALSO_NOUNS, baseOfGerund, gerund, isBase } from './verbs.js';

export interface Topic {
  /** As a heading says it, without numbering: "Global placement", "`set_load`", "repair timing". */
  readonly text: string;
  readonly form: 'name' | 'action' | 'gerund' | 'thing' | 'question';
}

/** Headings that name a part of a section, of a book or of a project, not a topic. */
const NO_TOPIC =
  /^(?:(?:useful |additional |general |main |other |basic |default |more |developer |common )*(?:commands?|options?|arguments?|parameters?|switches|flags|usage|synopsis|syntax|description|notes?|returns?|examples?|introduction|overview|summary|conclusions?|background|details?|contents?|table of contents|index|preface|appendix|glossary|references?|see also|authors?|contributors?|contact|credits|acknowledge?ments?|licen[cs]e|copyright|legal|history|changelog|change log|release notes|changes|what'?s new|news|limitations?|faqs?|frequently asked questions|questions?|about|readme|regression tests?|tests?|example scripts?|scripts?|requirements|prerequisites|getting started|quick ?start|home|start|motivation|support|help|links|resources|information|miscellaneous|misc|todo|status|purpose|variables?(?: in alphabetic(?:al)? order)?|functions?|methods?|classes|bugs?|results?|discussion|features?|files?|definitions?|terms?|terminology|steps?|tips?|key points|tcl|c\+\+|python|bash)(?: (?:and|&) \w+)?)\s*:?$/iu;

const NUMBERED =
  /^(?:(?:step|chapter|section|part|appendix|figure|example|table|practice|release|version)?\s*#?(?:\d+(?:[.-]\d+)*|[A-Z])(?:[.):]|\s[-–—]|\s(?=\p{Lu}))?\s+|figure\s+[\w-]+\s*|example\s+[\w-]+\s*)/iu;

/** The heading without its number; undefined when it names nothing. */
export function topicOf(heading: string): Topic | undefined {
  const text = heading
    .replace(NUMBERED, '')
    .replace(/(?::| [-–—]) .*$/u, '')
    .replace(/\s*\([^()]*\)\s*$/u, '')
    .replace(/[:.]+$/u, '')
    .replace(/`/g, '')
    .replace(/\s*\[#?\w+\]\s*$/u, '')
    .trim();
  if (text === '' || NO_TOPIC.test(text) || text.length > 90) return undefined;
  if (
    /^[\d\s./?-]+$/u.test(text) ||
    /\d{4}[/-]\d{2}/u.test(text) ||
    /^(?:release|version|product version)\b/iu.test(text)
  )
    return undefined;
  const asked = /\?$/u.test(heading.trim());
  const howTo = asked ? undefined : /^how to (.+)$/iu.exec(text)?.[1];
  if (howTo !== undefined) return { text: howTo, form: 'action' };
  if (asked || /^(?:what(?:'s|’s)?|why|how|where|when|who|which|can|do|does|is|are|should) /iu.test(text))
    return { text: asked ? heading.trim() : `${text}?`, form: 'question' };
  if (
    /^(?:-|\$|\/\*|\+|`)|[_:]{1,2}\w|\w\(\)$|^[a-z]+[A-Z]|^\S*[<>]/u.test(text) &&
    !/\s.*\s.*\s/u.test(text)
  )
    return { text: `\`${text.replace(/\s*<[^>]*>|\(\)$/gu, '')}\``, form: 'name' };
  if (/[<>{}|=$*\\]/u.test(text)) return undefined;
  const [first = '', second = ''] = text.split(/\s+/u);
  if (second === '')
    return /^[A-Z][A-Z\d]{2,}$/u.test(first)
      ? { text: `\`${first}\``, form: 'name' }
      : contentWords(text) > 0
        ? { text, form: 'thing' }
        : undefined;
  if (baseOfGerund(first) !== undefined && !/^(?:of|and|or)$/iu.test(second)) return { text, form: 'gerund' };
  if (isBase(first) && !ALSO_NOUNS.has(first.toLowerCase())) return { text, form: 'action' };
  return { text, form: 'thing' };
}

/** Headings of lists and of books: "in the user guide" tells nobody what a question is about. */
const NO_PLACE =
  /\b(?:guide|manual|reference|documentation|docs|notes|handbook|tutorial|changelog|arguments|options|commands|functions|variables|parameters|examples?|overview|introduction|internals|limitations|list|warnings|faq|questions|language|interface|utility|files?|syntax|definitions|attributes|readme)$/iu;

/** Whether the topic may stand at the end of a question about something else. */
export function isPlace({ text, form }: Topic): boolean {
  return form === 'name'
    ? text.length < 40
    : !/[/.]/u.test(text) && !NO_PLACE.test(text) && text.split(' ').length <= 6;
}

/** The innermost heading that names something; at last the page's title, where the page is an article rather than a book. */
export function topicsOf(chunk: CorpusChunk, isArticle: boolean): Topic[] {
  const own = chunk.text.toLowerCase();
  return [...(isArticle ? [chunk.document.title] : []), ...chunk.path]
    .toReversed()
    .flatMap((heading) => topicOf(heading) ?? [])
    .filter(({ form }) => form !== 'question')
    .map((topic) => {
      // "Report Cell Usage" is a command where the passage has `report_cell_usage`; else it may be about reports.
      const [first = ''] = topic.text.split(' ');
      const asName = topic.text.toLowerCase().replace(/\s+/gu, '_');
      const isCommand =
        topic.form === 'thing' && isBase(first) && asName.includes('_') && own.includes(asName);
      return isCommand ? { ...topic, form: 'action' as const } : topic;
    });
}

/** The topic as the end of a question: "in global placement", "when configuring the cluster", "with `set_load`". */
export function inContext({ text, form }: Topic, lowered: (text: string) => string): string {
  const words = lowered(text);
  if (form === 'name') return `with ${text}`;
  if (form === 'gerund') return `when ${words}`;
  if (form === 'action') {
    const [first = '', ...rest] = words.split(' ');
    return `when ${gerund(first.toLowerCase())} ${rest.join(' ')}`;
  }
  return `in ${words}`;
}
