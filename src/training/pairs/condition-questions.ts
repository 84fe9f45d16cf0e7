// Questions from conditions and rules, as somebody asks who stands before the result: "If X, Y." -> "Why Y?"
import { type Draft, pick, type Random } from './draft.js';
import { contextOf, type PassageView } from './passage-view.js';
import { contentWords, lowerFirst, tidy, upperFirst, wordCount } from './phrases.js';

const MOST = 3;

const IF_THEN =
  /^(?<link>If|When|Unless|Whenever|In case) (?<cause>[^,]{8,140}), (?:then )?(?<effect>.{8,180}?)\.?$/u;
const THEN_IF = /^(?<effect>[^,;:]{12,140}?),? (?<link>if|unless|when|because) (?<cause>[^,;:]{8,140}?)\.?$/u;
const MUST =
  /^(?<who>(?:The|A|An|All|Each|Every|Any)\s[^,;:]{3,80}?) (?<modal>must not|must|cannot|can not|should not|should|can only) (?<what>[^,;:]{6,120}?)\.?$/u;

/** Effects that are advice rather than something that is seen. */
const ADVICE =
  /^(?:please|and|or|but|also|see|use|set|try|run|make|consider|check|note|you|we|I|it is|this|that|then)\b|\b(?:recommended|you can|you may|you should|you must|may be|can be|indicates?)\b/iu;

export function conditionQuestions(view: PassageView, random: Random): Draft[] {
  const drafts: Draft[] = [];
  for (const { text, raw } of view.sentences) {
    const question = questionOf(text, view, random);
    if (question !== undefined && contentWords(question) >= 4)
      drafts.push({ kind: 'condition', chunk: view.at, question, source: raw });
  }
  return drafts.slice(0, MOST);
}

function questionOf(text: string, view: PassageView, random: Random): string | undefined {
  const { lowered } = view.vocabulary;
  const told = (IF_THEN.exec(text) ?? THEN_IF.exec(text))?.groups;
  if (told !== undefined) {
    const cause = tidy(told.cause ?? '', 16);
    const effect = tidy(told.effect ?? '', 16);
    const link = (told.link ?? 'if').toLowerCase();
    const said = effect === undefined ? undefined : lowerFirst(effect, lowered);
    const isSeen = said !== undefined && !ADVICE.test(said) && wordCount(said) >= 4 && isClause(said);
    const stated = cause === undefined ? undefined : asStated(lowerFirst(cause, lowered));
    if (isSeen && random() < 0.55) {
      const context = contextOf(view, random, said, false);
      return pick(random, [
        `Why is it that ${said}?`,
        `${upperFirst(said)}${context === '' ? '' : ` ${context}`}. Why?`,
        `What could be the reason that ${said}?`,
        `${upperFirst(said)}, how come?`,
        `When does it happen that ${said}?`,
      ]);
    }
    if (stated === undefined || /\bI am an?\b/u.test(stated) || link === 'because' || !isClause(stated))
      return undefined;
    if (link === 'unless') return `What if ${stated}?`;
    const context = contextOf(view, random, stated, contentWords(stated) < 4);
    return pick(random, [
      `What happens if ${stated}${context === '' ? '' : ` ${context}`}?`,
      `What should I do when ${stated}?`,
      `What is done when ${stated}${context === '' ? '' : ` ${context}`}?`,
      `What if ${stated}?`,
      `${upperFirst(stated)}. What now?`,
    ]);
  }
  const rule = MUST.exec(text)?.groups;
  if (rule === undefined) return undefined;
  const who = tidy(rule.who ?? '', 8);
  const what = tidy(rule.what ?? '', 12);
  if (who === undefined || what === undefined) return undefined;
  const context = contextOf(view, random, `${who} ${what}`, true);
  const tail = context === '' ? '' : ` ${context}`;
  const subject = lowerFirst(who, lowered);
  const plural = /^all\b/iu.test(subject) || /s$/u.test(subject);
  const do_ = plural ? 'Do' : 'Does';
  const modal = rule.modal ?? '';
  if (modal === 'must')
    return pick(random, [
      `${do_} ${subject} have to ${what}${tail}?`,
      `Is it required that ${subject} ${what}${tail}?`,
      `What are the rules for ${subject}${tail}?`,
    ]);
  if (modal === 'should')
    return pick(random, [`Should ${subject} ${what}${tail}?`, `What is recommended for ${subject}${tail}?`]);
  return pick(random, [
    `Can ${subject} ${what}${tail}?`,
    `What is not allowed for ${subject}${tail}?`,
    `May ${subject} ${what}${tail}?`,
  ]);
}

/** What a manual says of its reader, as the reader says it. */
function asStated(clause: string): string {
  return clause
    .replace(/\bI are\b/gu, 'I am')
    .replace(/\bthe user\b/giu, 'I')
    .replace(/\bI (\w+)s\b(?= )/gu, (whole, verb: string) =>
      /^(?:i|wa|ha|doe|les|acces|proces|pas)$/u.test(verb) ? whole : `I ${verb}`,
    )
    .replace(/\bI is\b/gu, 'I am')
    .replace(/\bI has\b/gu, 'I have');
}

/** Whether a phrase has a verb of its own, so that "if" and "that" may stand before it. */
function isClause(text: string): boolean {
  return /\b(?:is|are|was|were|am|has|have|does|do|did|will|would|can|cannot|may|might|must|should|needs?|gets?|becomes?|uses?|takes?|fails?|exists?|contains?|occurs?|returns?|remains?|happens?|want|runs?|goes|stops?|shows?|appears?|works?|finds?|reaches|exceeds?|equals?|matche?s?|holds?|starts?|ends?)\b/iu.test(
    text,
  );
}
