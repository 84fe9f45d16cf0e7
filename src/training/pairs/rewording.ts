// The same question in other words: what people type is seldom what the manual says.

import { pick, type Random } from './draft.js';
import type { Vocabulary } from './vocabulary.js';

/** Verbs of instructions that mean nearly the same. The first of a row is the plainest. */
const VERBS: readonly (readonly string[])[] = [
  ['set', 'configure', 'specify', 'define', 'change', 'choose', 'adjust'],
  ['specify', 'say', 'set', 'choose', 'give'],
  ['remove', 'delete', 'get rid of', 'take out', 'drop'],
  ['delete', 'remove', 'get rid of', 'erase'],
  ['display', 'show', 'see', 'view', 'look at'],
  ['show', 'see', 'display', 'view', 'look at'],
  ['report', 'list', 'show', 'see', 'print out', 'find out'],
  ['print', 'show', 'list', 'see', 'output'],
  ['list', 'show', 'see', 'get a list of'],
  ['dump', 'write out', 'save', 'print'],
  ['create', 'make', 'add', 'build', 'generate', 'set up'],
  ['generate', 'create', 'make', 'produce', 'build'],
  ['build', 'make', 'create', 'compile', 'put together'],
  ['define', 'set up', 'declare', 'create', 'describe'],
  ['add', 'insert', 'put in', 'include', 'attach'],
  ['insert', 'add', 'put in', 'place'],
  ['place', 'put', 'position', 'arrange'],
  ['check', 'verify', 'test', 'look at'],
  ['verify', 'check', 'confirm', 'test'],
  ['ensure', 'make sure', 'guarantee'],
  ['enable', 'turn on', 'switch on', 'activate'],
  ['disable', 'turn off', 'switch off', 'deactivate', 'stop'],
  ['avoid', 'prevent', 'stop'],
  ['prevent', 'avoid', 'stop'],
  ['ignore', 'skip', 'leave out', 'disregard'],
  ['skip', 'leave out', 'bypass', 'omit'],
  ['exclude', 'leave out', 'skip', 'filter out'],
  ['allow', 'permit'],
  ['reduce', 'decrease', 'lower', 'cut down', 'minimize', 'shrink'],
  ['minimize', 'reduce'],
  ['increase', 'raise', 'bump up'],
  ['improve', 'optimize'],
  ['optimize', 'improve', 'tune'],
  ['fix', 'repair', 'correct', 'resolve', 'get rid of'],
  ['repair', 'fix', 'correct', 'clean up'],
  ['limit', 'restrict', 'cap', 'bound'],
  ['control', 'influence', 'adjust', 'tune', 'set'],
  ['convert', 'turn', 'translate', 'transform'],
  ['load', 'read in', 'open', 'import'],
  ['read', 'load', 'open', 'import'],
  ['write', 'save', 'export', 'output', 'store'],
  ['save', 'store', 'write out', 'keep', 'export'],
  ['export', 'write out', 'save', 'output'],
  ['run', 'execute', 'start', 'launch', 'perform'],
  ['execute', 'run', 'carry out', 'start'],
  ['perform', 'do', 'run', 'carry out'],
  ['invoke', 'call', 'run', 'start'],
  ['compute', 'calculate', 'work out', 'get', 'determine'],
  ['calculate', 'compute', 'work out', 'get'],
  ['estimate', 'approximate', 'get a rough idea of', 'predict'],
  ['find', 'look for', 'locate', 'search for'],
  ['get', 'obtain', 'retrieve', 'fetch', 'find'],
  ['select', 'choose', 'pick'],
  ['choose', 'select', 'pick', 'decide on'],
  ['replace', 'swap', 'substitute', 'exchange'],
  ['modify', 'change', 'edit', 'alter', 'adjust'],
  ['change', 'modify', 'alter', 'edit', 'adjust'],
  ['update', 'refresh', 'change', 'bring up to date'],
  ['assign', 'give', 'attach', 'set', 'map'],
  ['connect', 'hook up', 'attach', 'link', 'wire up'],
  ['split', 'divide', 'break up', 'cut'],
  ['merge', 'combine', 'join', 'put together'],
  ['combine', 'merge', 'join', 'put together'],
  ['install', 'set up', 'get'],
  ['use', 'work with', 'apply', 'employ'],
  ['override', 'replace', 'overrule', 'change'],
  ['restore', 'bring back', 'recover', 'reload'],
  ['reset', 'clear'],
  ['clear', 'reset', 'empty', 'remove'],
  ['apply', 'use', 'put into effect'],
  ['annotate', 'mark', 'label', 'attach'],
  ['debug', 'troubleshoot', 'find the problem in', 'investigate'],
  ['force', 'make', 'require'],
];

const BY_VERB = new Map(VERBS.map(([verb = '', ...others]) => [verb, others]));

/** Words and their everyday replacements; whole words only, endings kept simple. General English, nothing of any one field. */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  maximum: ['largest', 'highest', 'upper limit on the', 'max'],
  minimum: ['smallest', 'lowest', 'lower limit on the', 'min'],
  'number of': ['count of', 'amount of'],
  additional: ['extra', 'more', 'further'],
  multiple: ['several', 'many', 'more than one'],
  entire: ['whole', 'complete'],
  directory: ['folder'],
  directories: ['folders'],
  location: ['position', 'place'],
  locations: ['positions', 'places'],
  initial: ['starting', 'first'],
  automatically: ['by itself', 'without doing it by hand'],
  manually: ['by hand', 'myself'],
  simultaneously: ['at the same time'],
  concurrently: ['in parallel', 'at the same time'],
  required: ['needed', 'necessary'],
  error: ['problem', 'failure'],
  errors: ['problems', 'failures'],
  warning: ['message', 'complaint'],
  warnings: ['messages', 'complaints'],
  issues: ['problems'],
  violations: ['problems', 'breaches'],
  duration: ['time', 'length'],
  verbosity: ['amount of output', 'level of messages'],
  verbose: ['chatty', 'detailed'],
  quiet: ['silent'],
  prefix: ['beginning of the name'],
  suffix: ['ending of the name'],
  optional: ['not required'],
  graphical: ['visual'],
  execution: ['running', 'run'],
  visualization: ['picture', 'plot'],
  modification: ['change'],
  modifications: ['changes'],
  threshold: ['limit', 'cutoff'],
  tolerance: ['allowed deviation'],
  iterations: ['rounds', 'passes'],
  documentation: ['manual', 'docs'],
  'prior to': ['before'],
  subsequent: ['later', 'following'],
  within: ['inside', 'in'],
  inside: ['within', 'in'],
  outside: ['beyond', 'not in'],
  specific: ['particular', 'certain', 'single'],
  specified: ['given', 'chosen'],
  particular: ['specific', 'certain'],
  approximately: ['about', 'roughly'],
  sufficient: ['enough'],
  insufficient: ['not enough'],
  incorrect: ['wrong'],
  incorrectly: ['wrongly', 'in the wrong way'],
  invalid: ['wrong', 'not valid'],
  unused: ['not used', 'idle'],
  missing: ['not there', 'absent'],
  large: ['big', 'huge'],
  begin: ['start'],
  terminate: ['end', 'stop'],
  obtain: ['get'],
  utilize: ['use'],
  via: ['through', 'by'],
  whether: ['if'],
};

const WORD_LIST = new RegExp(
  `(?<![\\w\`-])(?:${Object.keys(WORDS)
    .sort((a, b) => b.length - a.length)
    .join('|')})(?![\\w\`-])`,
  'giu',
);

/** An action with another first verb: "set the density" -> "adjust the density". */
export function otherVerb(action: string, random: Random): string {
  const [verb = '', ...rest] = action.split(' ');
  // "set how nets are named": only a few verbs take a clause, and those differ.
  const others = /^(?:how|whether|that|which|if|what|when|where|to|up|down|out|off|on|in)$/u.test(
    rest[0] ?? '',
  )
    ? undefined
    : BY_VERB.get(verb);
  return others === undefined ? action : [pick(random, others), ...rest].join(' ');
}

/** Each word that has everyday replacements gets one with probability `share`. */
export function otherWords(text: string, random: Random, share: number): string {
  return text.replace(WORD_LIST, (word, at: number) => {
    if (random() >= share) return word;
    const replacement = pick(random, WORDS[word.toLowerCase()] ?? [word]);
    // "the upper limit on the the": a replacement that brings its own article after one.
    return /\bthe $/iu.test(text.slice(0, at)) ? replacement.replace(/^the /u, '') : replacement;
  });
}

/** Abbreviations for long forms and the other way round, and other names of the same thing, as the corpus has taught them. */
export function otherNames(text: string, { longForms, shortForms, spelled, aliases }: Vocabulary): string {
  return text
    .split(/(`[^`]*`)/u)
    .map((part) => {
      if (part.startsWith('`')) {
        const other = aliases.get(part.slice(1, -1));
        return other === undefined ? part : `\`${other}\``;
      }
      const shortened =
        spelled === null ? part : part.replace(spelled, (long) => shortForms.get(long.toLowerCase()) ?? long);
      if (shortened !== part) return shortened;
      return part.replace(
        /(?<![\w-])[A-Z][A-Za-z]{0,6}[A-Z](?![\w-])/gu,
        (short) => longForms.get(short) ?? short,
      );
    })
    .join('');
}

/** How a name stands in a question: people type it bare, in words, or as the manual prints it. */
export function typedNames(question: string, random: Random): string {
  const style = random();
  if (style < 0.12) return question;
  if (style < 0.5) return question.replace(/`([^`]*)`/g, '$1');
  return question
    .replace(/`([^`]*)`/g, (_code, name: string) => inWords(name))
    .replace(/(?<![\w/.])[A-Za-z]\w*_\w+/g, (name) => inWords(name))
    .replace(/\s+/gu, ' ');
}

/** `set_load` -> "set load", `--trace-depth` -> "trace depth"; what is no single name stays. */
export function inWords(name: string): string {
  if (/\s|[/()<>]/u.test(name) || name.split(/[_-]/u).length > 5) return name;
  const words = name
    .replace(/^[-+$\\]+/u, '')
    .replace(/[_:.]+|(?<=\p{L})-(?=\p{L})/gu, ' ')

    .trim();
  return /\s/u.test(words) ? words.toLowerCase() : words;
}
