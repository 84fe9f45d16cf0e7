// Which chunks of a corpus questions can be made from, which are held out, and in which order they come.
import { createHash } from 'node:crypto';
import type { Corpus, CorpusChunk } from './corpus.js';
import { type Random, shuffled } from './pairs/draft.js';
import { isEnglishProse } from './pairs/phrases.js';

export interface UsableChunks {
  /** Positions in the corpus, documents taking turns, so that a part of the list has something of each. */
  readonly training: readonly number[];
  readonly development: readonly number[];
  /** Position -> ids of the other chunks that say the same, word for word. */
  readonly copies: ReadonlyMap<number, readonly string[]>;
  readonly leftOut: { readonly notEnglishProse: number; readonly repeated: number; readonly legal: number };
}

/** Files of a project that nobody asks an assistant about. */
const LEGAL = /(?:^|\/)(?:licen[cs]e|copying|notice|authors|contributors|code.of.conduct|cla)[^/]*$/iu;

/** Share of the chunks of each source whose documents are held out. */
const HELD_OUT = 0.1;

/** No single document makes more than this of what a source holds out: one long manual is no fair sample. */
const LARGEST_SHARE = 0.5;

/** What a source may lose to the held-out side at most. */
const MOST_OF_A_SOURCE = 0.25;

/** With fewer documents than this nothing is held out: there would be nothing to learn from. */
const FEWEST_DOCUMENTS = 5;

export function usableChunks({ chunks }: Corpus, random: Random): UsableChunks {
  const first = new Map<string, number>();
  const copies = new Map<number, string[]>();
  const usable: number[] = [];
  let notEnglishProse = 0;
  let repeated = 0;
  let legal = 0;
  chunks.forEach((chunk, at) => {
    const key = contentKey(chunk.text);
    const earlier = first.get(key);
    if (earlier !== undefined) {
      repeated++;
      copies.set(earlier, [...(copies.get(earlier) ?? []), chunk.id]);
      return;
    }
    first.set(key, at);
    if (LEGAL.test(chunk.document.path)) legal++;
    else if (isProse(chunk)) usable.push(at);
    else notEnglishProse++;
  });
  const held = heldOutDocuments(
    usable.map((at) => chunks[at] as CorpusChunk),
    random,
  );
  const inTurns = takeTurns(usable, (at) => chunks[at]?.document.id ?? '', random);
  const isHeld = (at: number) => held.has(chunks[at]?.document.id ?? '');
  return {
    training: inTurns.filter((at) => !isHeld(at)),
    development: inTurns.filter(isHeld),
    copies,
    leftOut: { notEnglishProse, repeated, legal },
  };
}

/** A table of options has few sentences, but its cells are English. */
function isProse({ text }: CorpusChunk): boolean {
  return isEnglishProse(text.replace(/[|]|(?<=\s)-{2,}/g, ' '));
}

/** The same words, whatever stands between them. */
function contentKey(text: string): string {
  const words = text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
  return createHash('sha1').update(words.join(' ')).digest('base64');
}

function heldOutDocuments(chunks: readonly CorpusChunk[], random: Random): Set<string> {
  const bySource = new Map<string, Map<string, number>>();
  for (const { document } of chunks) {
    const documents = bySource.get(document.source) ?? new Map<string, number>();
    bySource.set(document.source, documents.set(document.id, (documents.get(document.id) ?? 0) + 1));
  }
  const held = new Set<string>();
  for (const [, documents] of [...bySource].sort(([a], [b]) => (a < b ? -1 : 1))) {
    if (documents.size < FEWEST_DOCUMENTS) continue;
    const total = [...documents.values()].reduce((sum, size) => sum + size, 0);
    const budget = Math.max(1, HELD_OUT * total);
    const before = held.size;
    let taken = 0;
    for (const [id, size] of shuffled(random, [...documents])) {
      if (taken >= budget) break;
      if (size > Math.max(1, LARGEST_SHARE * budget) || taken + size > 1.2 * budget) continue;
      held.add(id);
      taken += size;
    }
    // Few documents, each more than its share: the smallest, when enough is left without it.
    const [smallest] = [...documents].sort((a, b) => a[1] - b[1] || (a[0] < b[0] ? -1 : 1));
    if (held.size === before && smallest !== undefined && smallest[1] <= MOST_OF_A_SOURCE * total)
      held.add(smallest[0]);
  }
  return held;
}

/** One of each group, then the next of each; groups and their members in seeded order. */
function takeTurns(items: readonly number[], groupOf: (item: number) => string, random: Random): number[] {
  const groups = new Map<string, number[]>();
  for (const item of items) {
    const group = groups.get(groupOf(item)) ?? [];
    groups.set(groupOf(item), group);
    group.push(item);
  }
  const queues = shuffled(
    random,
    [...groups.values()].map((group) => shuffled(random, group)),
  );
  const order: number[] = [];
  for (let round = 0; order.length < items.length; round++) {
    for (const queue of queues) {
      const item = queue[round];
      if (item !== undefined) order.push(item);
    }
  }
  return order;
}
