// Questions from sentences that say what something is: "A clock tree is a network of ...".
import { askMeaning } from './asking.js';
import { type Draft, pick, type Random } from './draft.js';
import type { PassageView } from './passage-view.js';
import { contentWords, tidy, wordCount } from './phrases.js';
import { ALSO_NOUNS, baseOfGerund, isBase } from './verbs.js';

const MOST = 2;

const IS_A =
  /^(?<term>(?:(?:An?|The) )?(?:`[^`]+`|[\p{L}\d_-]+)(?: (?:`[^`]+`|[\p{L}\d_-]+)){0,3}?)(?: \((?<short>[^)]{2,12})\))?,? (?:is|are|refers to|means|stands for|denotes) (?<what>(?:an? |the |any |one |that |to )[^.]{20,})/u;

/** Words that make the left side of "is" no term. */
const NO_TERM =
  /\b(?:this|that|these|those|it|there|here|which|what|following|next|first|second|last|above|below|default|value|result|reason|goal|idea|purpose|order|only|same|other|example|problem|difference|example|output|input|number|name|type|set|list|section|figure|table|if|when|where|each|every|all|one|some|most|both|use|used|command|option|file|format|syntax|recommended|main|current|note|for|to|in|by|of|and|or|from|with|also)\b/iu;

export function definitionQuestions(view: PassageView, random: Random): Draft[] {
  const drafts: Draft[] = [];
  const ask = (question: string, source: string) =>
    drafts.push({ kind: 'definition', chunk: view.at, question, source });
  const { lowered } = view.vocabulary;
  for (const { text, raw } of view.sentences) {
    const groups = IS_A.exec(text)?.groups;
    const term = groups?.term;
    if (groups === undefined || term === undefined || NO_TERM.test(term.replace(/^(?:the|an?) /iu, '')))
      continue;
    const what = tidy(groups.what ?? '', 18);
    if (/^the \p{Ll}+$/iu.test(term) && term.split(' ').length < 3 && !term.includes('`')) continue;
    if (what === undefined || contentWords(what) < 3) continue;
    const short = groups.short;
    const first = /^\S+/u.exec(term.replace(/^(?:the|an?) /iu, ''))?.[0] ?? '';
    if (
      baseOfGerund(first) !== undefined ||
      /^(?:as|more|any|no)$/iu.test(first) ||
      (isBase(first) && !ALSO_NOUNS.has(first.toLowerCase()))
    )
      continue;
    if (/^an? \p{L}+$/iu.test(term)) continue;
    const asked = short !== undefined && random() < 0.4 ? short : lowered(term);
    // The other way round: from what it is to what it is called.
    if (random() < 0.3 && wordCount(what) >= 6 && /^(?:an?|the) /iu.test(what))
      ask(
        pick(random, [
          `What is the name for ${what}?`,
          `What do you call ${what}?`,
          `Is there a term for ${what}?`,
        ]),
        raw,
      );
    else ask(askMeaning(asked, random), raw);
  }
  for (const { name, sentences, raw } of view.entries) {
    const [first] = sentences;
    if (
      name.includes('`') ||
      first === undefined ||
      /^[-+]/u.test(name) ||
      contentWords(first.text) < 4 ||
      !/^(?:an?|the)\s/iu.test(first.text) ||
      NO_TERM.test(name)
    )
      continue;
    if (/^[A-Z][A-Za-z]{0,5}[A-Z]$/u.test(name) || /^\p{Lu}?\p{Ll}+(?: \p{Ll}+){1,3}$/u.test(name))
      ask(askMeaning(lowered(name), random), raw);
  }
  return drafts.slice(0, MOST);
}
