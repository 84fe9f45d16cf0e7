// How people ask: the shapes of questions, each with a place for what is wanted.
import { pick, type Random } from './draft.js';
import { upperFirst } from './phrases.js';

/** `action` is a command such as "set the density"; `context` ends the question ("in global placement") or is empty. */
const DOING: readonly ((action: string, context: string) => string)[] = [
  (action, context) => `How do I ${action}${context}?`,
  (action, context) => `How can I ${action}${context}?`,
  (action, context) => `How to ${action}${context}?`,
  (action, context) => `how to ${action}${context}`,
  (action, context) => `Is there a way to ${action}${context}?`,
  (action, context) => `Is it possible to ${action}${context}?`,
  (action, context) => `I want to ${action}${context}. How is that done?`,
  (action, context) => `I need to ${action}${context}, what should I use?`,
  (action, context) => `What do I have to do to ${action}${context}?`,
  (action, context) => `What is the best way to ${action}${context}?`,
  (action, context) => `Can I ${action}${context}?`,
  (action, context) => `We would like to ${action}${context}. What do we need?`,
  (action, context) => `A user wants to ${action}${context}. How can they do it?`,
  (action, context) => `I'm trying to ${action}${context} but I don't know how.`,
];

export function askHow(action: string, context: string, random: Random): string {
  return pick(random, DOING)(action, withSpace(context));
}

const WITH_WHAT: Readonly<
  Record<'command' | 'option', readonly ((action: string, context: string) => string)[]>
> = {
  command: [
    (action, context) => `Which command do I use to ${action}${context}?`,
    (action, context) => `What command lets me ${action}${context}?`,
    (action, context) => `Which command can ${action}${context}?`,
    (action, context) => `What can I use to ${action}${context}?`,
  ],
  option: [
    (action, context) => `Which option lets me ${action}${context}?`,
    (action, context) => `What option do I need to ${action}${context}?`,
    (action, context) => `What do I set to ${action}${context}?`,
    (action, context) => `Is there an option to ${action}${context}?`,
  ],
};

export function askWhich(
  what: 'command' | 'option',
  action: string,
  context: string,
  random: Random,
): string {
  return pick(random, WITH_WHAT[what])(action, withSpace(context));
}

/** `thing` has its article: "the number of partitions". */
const SETTING: readonly ((thing: string, context: string) => string)[] = [
  (thing, context) => `How do I set ${thing}${context}?`,
  (thing, context) => `How can I change ${thing}${context}?`,
  (thing, context) => `Where do I specify ${thing}${context}?`,
  (thing, context) => `Which option controls ${thing}${context}?`,
  (thing, context) => `What do I use to give ${thing}${context}?`,
  (thing, context) => `Can I choose ${thing}${context}?`,
  (thing, context) => `I need a different value for ${thing}${context}. Where is it set?`,
  (thing, context) => `How is ${thing} controlled${context}?`,
];

export function askToSet(thing: string, context: string, random: Random): string {
  return pick(random, SETTING)(thing, withSpace(context));
}

const NAMED: readonly ((name: string, context: string) => string)[] = [
  (name, context) => `What does ${name} do${context}?`,
  (name, context) => `What is ${name} for${context}?`,
  (name, context) => `What is the purpose of ${name}${context}?`,
  (name, context) => `When should I use ${name}${context}?`,
  (name, context) => `What happens when I use ${name}${context}?`,
  (name, context) => `Can someone explain ${name}${context}?`,
];

export function askAboutName(name: string, context: string, random: Random): string {
  return pick(random, NAMED)(name, withSpace(context));
}

const MEANING: readonly ((term: string) => string)[] = [
  (term) => `What is ${term}?`,
  (term) => `What does ${term} mean?`,
  (term) => `What is meant by ${term}?`,
  (term) => `Can you explain what ${term} is?`,
  (term) => `I keep reading about ${term}. What is it?`,
];

export function askMeaning(term: string, random: Random): string {
  return pick(random, isPlural(term) ? MEANINGS : MEANING)(term);
}

const MEANINGS: typeof MEANING = [
  (terms) => `What are ${terms}?`,
  (terms) => `What is meant by ${terms}?`,
  (terms) => `Can you explain what ${terms} are?`,
];

const THINGS: readonly ((thing: string, context: string) => string)[] = [
  (thing, context) => `How ${isPlural(thing) ? 'do' : 'does'} ${thing} work${context}?`,
  (thing, context) => `What should I know about ${thing}${context}?`,
  (thing, context) => `Can you tell me about ${thing}${context}?`,
  (thing, context) => `Where can I read about ${thing}${context}?`,
  (thing, context) => `How ${isPlural(thing) ? 'are' : 'is'} ${thing} handled${context}?`,
  (thing, context) => `I need help with ${thing}${context}`,
  (thing, context) => `Is there anything on ${thing}${context}?`,
];

export function askAboutThing(thing: string, context: string, random: Random): string {
  return pick(random, THINGS)(thing, withSpace(context));
}

/** By the ending of the last word; names in backticks are one thing each. */
function isPlural(thing: string): boolean {
  return /(?:^|\s)(?!an? )[^`]*[^sui`]s$/iu.test(thing) && !/^(?:an?|this)\s/iu.test(thing);
}

/** `thing` is something that is told, not set: a column of a report, a field, a return value. */
const TELLING: readonly ((thing: string, context: string) => string)[] = [
  (thing, context) => `What tells me ${thing}${context}?`,
  (thing, context) => `Where do I find ${thing}${context}?`,
  (thing, context) => `How can I see ${thing}${context}?`,
  (thing, context) => `Where is ${thing} given${context}?`,
];

export function askToSee(thing: string, context: string, random: Random): string {
  return pick(random, TELLING)(thing, withSpace(context));
}

/** Two actions as one question. */
const BOTH: readonly ((first: string, second: string) => string)[] = [
  (first, second) => `How do I ${first}, and then ${second}?`,
  (first, second) => `How can I ${first} and also ${second}?`,
  (first, second) => `I want to ${first} and then ${second}. How do I do that?`,
  (first, second) => `What are the steps to ${first} and ${second}?`,
  (first, second) => `A user needs to ${first}. Next, they want to ${second}. How can they achieve this?`,
  (first, second) => `After I ${first}, how do I ${second}?`,
  (first, second) => `Before I ${second}, I need to ${first}. What do I do for each?`,
  (first, second) => `How would one ${first}, and what is needed to ${second}?`,
  (first, second) => `Suppose I want to ${first}. And how can I ${second} after that?`,
  (first, second) => `I have to ${first} first and ${second} afterwards, which commands are there for that?`,
];

export function askBoth(first: string, second: string, random: Random): string {
  return pick(random, BOTH)(first, second);
}

/** Two whole questions, one after the other. */
export function askInTurn(first: string, second: string, random: Random): string {
  const begun = first.replace(/\s*\??$/u, '?');
  const follow = second.replace(
    /^(?:How|What|Which|Where|When|Is|Are|Can|Why|Does|Do|We|A|Should)\b/u,
    (word) => word.toLowerCase(),
  );
  return upperFirst(
    pick(random, [`${begun} And ${follow}`, `${begun} Also, ${follow}`, `${begun} ${second}`]),
  );
}

function withSpace(context: string): string {
  return context === '' ? '' : ` ${context}`;
}
