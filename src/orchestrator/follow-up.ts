// Whether a message can be searched as it stands, or needs the question before it.
import type { Turn } from '../conversation/message.js';

/** Questions back in the thread that a chain of follow-ups may reach. */
const FURTHEST = 3;

/** Openings that always go on from something. */
const GOES_ON =
  /^(?:and|but|or|also|plus|otherwise|instead|except|what about|how about|what if not|same (?:for|with|in|question)|(?:ok(?:ay)?|thanks|thank you|right|yes|no)[,.! ]+\S)/i;
/** Short questions that name nothing. */
const BARE =
  /^(?:why|how|where|when|which(?: one)?|how come|why not|how so|since when|really|are you sure|so|what else|anything else|what then|and then)\b[\s?!.]*$/i;
const BARE_WHY = /^(?:why|how) (?:is|was|does|do|not|so)(?: (?:that|this|it|so|not))?[\s?!.]*$/i;
/** Requests about the answer, not about the subject. */
const MORE =
  /^(?:please )?(?:(?:can|could) you )?(?:(?:give|show|tell|send)(?: me| us)? )?(?:an?other |an? |some |any |the |with )?(?:more(?: (?:details?|info|information|examples?))?|examples?|details?|elaborate|explain(?: more| further| again)?|continue|go on|shorter|again|simpler|step by step|in detail)(?: (?:please|details?|info|information|examples?|about (?:it|that|this)))?[\s?!.]*$/i;
/** `for hold?`, `in Tcl?`: what the earlier question was about, in another case. */
const CASE = /^(?:for|in|with|on|at|from|using|without|after|before|only|during|under)\s+(?:\S+\s*){1,4}$/i;
const POINTS_BACK =
  /\b(?:the (?:first|second|third|last|other|former|latter|same|above|previous|next)(?: (?:one|two|option|step|command|way|case|point))?|(?:step|option|point) (?:\d|one|two|three))\b/i;
const PRONOUN = /\b(?:it|its|that|this|these|those|they|them|their|ones?|there|such)\b/i;
/** Words that a question has whatever it is about. */
const EMPTY = new Set(
  (
    'a an the and or of to for in on at by with from is are was were be been do does did can could should would will may might must have has had ' +
    'what which who when where why how whose i we you me my our your it its that this these those they them their one ones there such so not no ' +
    'any some if then than as also please use using used get set make mean work fix change run find need want same else way instead just only'
  ).split(' '),
);
/** Something a search can hold on to: an option, an identifier, an error code, anything in code. */
const NAME = /`|\w_\w|(?:^|\s)-{1,2}[a-z]{2}|[A-Z]{2,}-?\d|\w::\w|\$\w|\w\.\w/;

/** Whether `text` cannot be understood without what was said before. */
export function isFollowUp(text: string): boolean {
  const said = text.trim().replace(/\s+/g, ' ');
  if (said.length > 300) return false;
  if (GOES_ON.test(said) || BARE.test(said) || BARE_WHY.test(said) || MORE.test(said)) return true;
  if (NAME.test(said)) return false;
  const words = said.toLowerCase().match(/[\p{L}\p{N}'-]+/gu) ?? [];
  const content = words.filter((word) => !EMPTY.has(word));
  if (words.length > 0 && content.length === 0) return true;
  if (CASE.test(said) && words.length <= 5) return true;
  if (POINTS_BACK.test(said) && words.length <= 9) return true;
  return PRONOUN.test(said) && content.length <= 2;
}

/** The text to search for: the message alone, or with the question it goes on from in front. */
export function standalone(text: string, history: readonly Turn[]): string {
  const said = [text];
  for (const { question } of history.slice(-FURTHEST).toReversed()) {
    if (!isFollowUp(said[0] ?? '')) break;
    said.unshift(question);
  }
  return said.join('\n');
}
