// Questions from headings: those that are questions already, and those that name a task or a thing.
import { askAboutName, askAboutThing, askHow } from './asking.js';
import { type Draft, pick, type Random } from './draft.js';
import type { PassageView } from './passage-view.js';
import { actionOfGerund, contentWords, tidy, wordCount } from './phrases.js';
import { inContext, topicOf } from './topics.js';

/** Fewer words than this below a heading answer nothing. */
const LEAST_WORDS = 15;

export function headingQuestions(view: PassageView, random: Random): Draft[] {
  if (wordCount(view.chunk.text) < LEAST_WORDS) return [];
  const drafts: Draft[] = [];
  const ask = (kind: 'heading' | 'faq', question: string, action?: string) =>
    drafts.push({ kind, chunk: view.at, question, ...(action === undefined ? {} : { action }) });
  const innermost = view.chunk.path.at(-1);
  const headings = [
    ...(innermost === undefined ? [view.chunk.document.title] : [innermost]),
    ...view.headings,
  ];
  const { lowered } = view.vocabulary;
  for (const heading of headings.slice(0, 4)) {
    const topic = topicOf(heading);
    if (topic === undefined || (topic.form !== 'name' && contentWords(topic.text) < 1)) continue;
    const outer = view.topics.find(({ text }) => !topic.text.includes(text) && !text.includes(topic.text));
    const needed = contentWords(topic.text) < 2;
    const context =
      outer !== undefined && outer.form !== 'action' && (needed || random() < 0.4)
        ? inContext(outer, lowered)
        : '';
    const words = lowered(topic.text);
    if (topic.form === 'question') {
      ask('faq', faqQuestion(topic.text, random));
    } else if (topic.form === 'action') {
      const action = tidy(words);
      if (action !== undefined && contentWords(`${action} ${context}`) >= 2)
        ask('heading', askHow(action, context, random), action);
    } else if (topic.form === 'gerund') {
      const action = actionOfGerund(words);
      if (action !== undefined && contentWords(`${action} ${context}`) >= 2)
        ask('heading', askHow(action, context, random), action);
    } else if (topic.form === 'name') {
      if (random() < 0.6) ask('heading', askAboutName(topic.text, context, random));
    } else {
      const thing = tidy(words, 9);
      if (thing !== undefined && contentWords(`${thing} ${context}`) >= 2)
        ask('heading', askAboutThing(thing, context, random));
    }
  }
  return drafts;
}

/** A question as its page asks it, or as somebody else would begin it. */
function faqQuestion(heading: string, random: Random): string {
  const question = heading
    .replace(/^[\d.\s)]+/u, '')
    .replace(/\b(?:you|we)\b/giu, 'I')
    .replace(/\byour\b/giu, 'my');
  const how = /^how (?:do|can|should|would) (?:I|you|we) (.+)\?$/iu.exec(question)?.[1];
  if (how !== undefined && random() < 0.7) return askHow(how, '', random);
  const why = /^why (?:do|does|is|are) (.+)\?$/iu.exec(question)?.[1];
  if (why !== undefined && random() < 0.3)
    return pick(random, [`What is the reason that ${why}?`, question]).replace(
      'What is the reason that I get',
      'What is the reason that I get',
    );
  return question;
}
