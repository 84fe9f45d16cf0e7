// Questions from sentences that say what something does: "This command sets the load." -> "How do I set the load?"
import { askAboutName, askHow, askWhich } from './asking.js';
import { type Draft, pick, type Random } from './draft.js';
import { contextOf, type PassageView } from './passage-view.js';
import { actionOf, contentWords, lowerFirst, tidy, upperFirst } from './phrases.js';

const MOST = 4;

export function purposeQuestions(view: PassageView, random: Random): Draft[] {
  const drafts: Draft[] = [];
  const [topic] = view.topics;
  for (const { text, raw } of view.sentences) {
    const ask = (question: string, action?: string) =>
      drafts.push({
        kind: 'purpose',
        chunk: view.at,
        question,
        source: raw,
        ...(action === undefined ? {} : { action }),
      });
    const warning = askAboutMessage(text, view.vocabulary.lowered, random);
    if (warning !== undefined) {
      ask(warning);
      continue;
    }
    const action = actionOf(text);
    if (action === undefined || contentWords(action) < 2) continue;
    const context =
      topic?.form === 'name' && random() < 0.8
        ? ''
        : contextOf(view, random, action, contentWords(action) < 4);
    if (contentWords(`${action} ${context}`) < 3) continue;
    const command = /\bcommand\b/iu.test(text) || topic?.form === 'name';
    if (command && random() < 0.35) ask(askWhich('command', action, context, random), action);
    else if (topic?.form === 'name' && random() < 0.12) ask(askAboutName(topic.text, '', random));
    else
      ask(
        askHow(action, context, random),
        context !== '' && random() < 0.5 ? `${action} ${context}` : action,
      );
  }
  return drafts.slice(0, MOST);
}

/** "Warns that a port is open." -> what somebody asks who got that warning. */
function askAboutMessage(
  text: string,
  lowered: (text: string) => string,
  random: Random,
): string | undefined {
  const told =
    /^(?:an? |the |this )?(?:(?:fatal |lint )?(warning|error)s?|warns|complains|issued|reported|raised|emitted|thrown) (that|when|if|about|because)\s+(.+)$/iu.exec(
      text,
    );
  const [, sort = 'warning', link = '', rest = ''] = told ?? [];
  if (told === null) return undefined;
  const phrase = tidy(rest, 18);
  if (phrase === undefined || contentWords(phrase) < 3) return undefined;
  const said = lowerFirst(phrase, lowered);
  const word = /error/iu.test(sort) ? 'an error' : 'a warning';
  if (link === 'about')
    return pick(random, [
      `Why do I get ${word} about ${said}?`,
      `How do I get rid of ${word} about ${said}?`,
    ]);
  if (link === 'that')
    return pick(random, [
      `I get ${word} saying that ${said}. What does it mean?`,
      `Why am I told that ${said}?`,
      `${upperFirst(said)}: what is this message about?`,
      `The tool complains that ${said}, how do I fix that?`,
    ]);
  return pick(random, [
    `Why do I get ${word} when ${said}?`,
    `What does it mean if I see ${word} ${link} ${said}?`,
    `Is it a problem when ${said}?`,
  ]);
}
