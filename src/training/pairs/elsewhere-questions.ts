// Questions in other words than the passage, without a model: what one page says a name is for, asked of the page that describes the name.
//
// A tutorial says "use `repair_timing` to fix late paths"; the manual's page on it may never say "late". The question is made of the one
// and answered by the other, so words cannot simply be matched.
import type { CorpusChunk } from '../corpus.js';
import { askHow, askWhich } from './asking.js';
import type { Draft, Random } from './draft.js';
import type { PassageView } from './passage-view.js';
import { actionOf, contentWords, tidy } from './phrases.js';
import { isBase } from './verbs.js';

/** Name -> positions of the chunks that describe it: it is their heading, or heads one of their rows. */
export type Homes = ReadonlyMap<string, readonly number[]>;

/** A name described in more places than this is a common word. */
const MOST_HOMES = 3;

/** Names that mean one thing wherever they stand: several parts, or long. */
const DISTINCT = /^[A-Za-z][\w:]*(?:_|::)\w[\w:]*$/;

export function homesOf(chunks: readonly CorpusChunk[]): Homes {
  const homes = new Map<string, number[]>();
  chunks.forEach((chunk, at) => {
    const names = new Set<string>();
    const heading = chunk.path.at(-1) ?? '';
    if (DISTINCT.test(heading.replace(/[`()]/g, ''))) names.add(heading.replace(/[`()]/g, ''));
    const asName = heading.toLowerCase().trim().replace(/\s+/g, '_');
    for (const [, name = ''] of chunk.text.matchAll(
      /^(?:\||[*-] |\d+\. )?\s*\*{0,2}`([A-Za-z][\w:]{3,60})`\*{0,2}\s*(?:[|:‡†-]|\s\()/gmu,
    )) {
      if (DISTINCT.test(name)) names.add(name);
    }
    // The first line of a synopsis.
    for (const [, name = ''] of chunk.text.matchAll(/```[\w-]*\n([a-z][\w:]*)[ \t]*(?:\\|\n|\[|$)/gmu)) {
      if (DISTINCT.test(name) && (asName === '' || name === asName || chunk.text.startsWith('#')))
        names.add(name);
    }
    for (const name of names) homes.set(name, [...(homes.get(name) ?? []), at]);
  });
  for (const [name, at] of homes) if (at.length > MOST_HOMES) homes.delete(name);
  return homes;
}

/** Drafts whose `chunk` is a home of the name, not the passage that was read. `told` is that one: right too, in its way. */
export function elsewhereQuestions(
  view: PassageView,
  homes: Homes,
  random: Random,
): (Draft & { readonly told: number })[] {
  const drafts: (Draft & { told: number })[] = [];
  const ask = (name: string, action: string | undefined) => {
    const home = homes.get(name)?.find((at) => at !== view.at);
    if (
      home === undefined ||
      homes.get(name)?.includes(view.at) === true ||
      action === undefined ||
      contentWords(action) < 3
    )
      return;
    const question = random() < 0.6 ? askHow(action, '', random) : askWhich('command', action, '', random);
    drafts.push({ kind: 'purpose', chunk: home, question, action, told: view.at });
  };
  for (const { text } of view.sentences) {
    const names = [...text.matchAll(/`([^`\s]+)`/g)]
      .map(([, name = '']) => name.replace(/\(\)$/u, ''))
      .filter((name) => homes.has(name));
    const [name] = names;
    if (name !== undefined && names.length === 1) ask(name, told(text, name));
  }
  for (const { name: cell, sentences } of view.entries) {
    const name = cell.replace(/`/g, '');
    const [first] = sentences;
    if (homes.has(name) && first !== undefined) ask(name, actionOf(first.text, true));
  }
  return drafts.slice(0, 3);
}

/** What the sentence says the name does or is used for. */
function told(text: string, name: string): string | undefined {
  const quoted = name.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  const use = new RegExp(
    `\\b(?:use|using|run|call|with|via|by)\\b[^.,;]{0,25}\`${quoted}\`[^.,;]{0,20}? to (.+)$`,
    'iu',
  ).exec(text)?.[1];
  const purpose = new RegExp(
    `^(?:in order )?to (.{8,120}?), (?:please )?(?:use|run|call|set|add|see)\\b[^.;]{0,30}\`${quoted}\``,
    'iu',
  ).exec(text)?.[1];
  const does = new RegExp(`^(?:the )?\`${quoted}\` .+$`, 'iu').test(text) ? actionOf(text) : undefined;
  const phrase = use ?? purpose;
  if (phrase === undefined) return does;
  if (!isBase(/^\p{L}+/u.exec(phrase)?.[0] ?? '')) return undefined;
  return tidy(phrase);
}
