// Questions from descriptions of options, arguments and settings: what sets this, how do I get that.
import { askAboutName, askHow, askToSee, askToSet, askWhich } from './asking.js';
import { type Draft, type Random, shuffled } from './draft.js';
import { contextOf, type PassageView } from './passage-view.js';
import { actionOf, contentWords, thingOf } from './phrases.js';

/** A table of thirty options is asked about a few times, not thirty. */
const MOST_ENTRIES = 6;

export function optionQuestions(view: PassageView, random: Random): Draft[] {
  return shuffled(
    random,
    view.entries.filter(({ name }) => isSetting(name)),
  )
    .slice(0, MOST_ENTRIES)
    .flatMap(({ name, sentences, raw }) => {
      const [first] = sentences;
      if (first === undefined) return [];
      const ask = (question: string, action?: string): Draft[] => [
        {
          kind: 'option',
          chunk: view.at,
          question,
          source: raw,
          ...(action === undefined ? {} : { action }),
        },
      ];
      const told = first.text.replace(
        /^(?:\[?(?:optional|required|deprecated|experimental|default)\]?[.:,]?\s+|\([^)]*\)\s*)/iu,
        '',
      );
      const action = actionOf(told, true);
      if (action !== undefined) {
        // "set the mode" says too little; with the topic it may do.
        const context = contextOf(view, random, action, contentWords(action) < 4);
        if (contentWords(`${action} ${context}`) < 3) return [];
        const how =
          random() < 0.6 ? askHow(action, context, random) : askWhich('option', action, context, random);
        return ask(how, context !== '' && random() < 0.5 ? `${action} ${context}` : action);
      }
      const thing = thingOf(told);
      if (thing !== undefined) {
        const context = contextOf(view, random, thing, contentWords(thing) < 5);
        if (contentWords(`${thing} ${context}`) < 3) return [];
        if (!isSet(name, view)) return ask(askToSee(thing, context, random));
        return ask(askToSet(thing, context, random), `set ${thing}${context === '' ? '' : ` ${context}`}`);
      }
      if (contentWords(first.text) < 4 || random() < 0.6) return [];
      return ask(askAboutName(named(name), contextOf(view, random, name, true), random));
    });
}

/** Whether the name is something that a user sets, rather than a field of a report or a class. */
function isSet(name: string, { chunk }: PassageView): boolean {
  if (/^`?\[?[-+]/u.test(name)) return true;
  const headings = [chunk.document.title, ...chunk.path].join(' ');
  return (
    /\b(?:option|argument|parameter|switch|flag|config|setting|variable|propert)/iu.test(
      `${headings} ${chunk.text.slice(0, 60)}`,
    ) && !/\b(?:information|report|output|result|return)/iu.test(headings)
  );
}

/** An option, an argument, a variable: one name, not a sentence in bold. */
function isSetting(name: string): boolean {
  return /`/u.test(name) || /^[-+]?[\w.:-]+$/u.test(name);
}

function named(name: string): string {
  const code = /`([^`]+)`/u.exec(name)?.[1] ?? name;
  return `\`${code.replace(/^\[|\]$/gu, '').replace(/\s.*$/u, '')}\``;
}
