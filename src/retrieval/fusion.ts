// One ranking out of several: standardised scores, added up.
import type { Hit, HitList } from './index-port.js';

/**
 * Adds the standardised scores (z = (score - mean) / deviation, over the whole index) of the lists, each times its weight. A chunk that
 * is missing from a list gets the lowest value the list has. On ORD-QA this ranks like scoring every chunk, and better than
 * reciprocal rank fusion or standardising by the list's own mean (figures in docs/retrieval.md).
 */
export function fuse(lists: readonly { readonly list: HitList; readonly weight: number }[]): Hit[] {
  const useful = lists.filter(({ list, weight }) => list.hits.length > 0 && weight > 0);
  const standardised = useful.map(({ list, weight }) => {
    // Where all chunks score the same, as in an index of one chunk, the list finds without ranking.
    const z = (score: number) => (list.deviation > 0 ? (weight * (score - list.mean)) / list.deviation : 0);
    const scores = new Map(list.hits.map(({ id, score }) => [id, z(score)]));
    return { scores, lowest: Math.min(...scores.values()) };
  });
  const ids = new Set(standardised.flatMap(({ scores }) => [...scores.keys()]));
  return [...ids]
    .map((id) => ({
      id,
      score: standardised.reduce((sum, { scores, lowest }) => sum + (scores.get(id) ?? lowest), 0),
    }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}

/** The constant of reciprocal rank fusion: Cormack, Clarke and Buettcher 2009. */
const RANK_OFFSET = 60;

/**
 * Reciprocal rank fusion: adds weight / (60 + rank) over the lists. What `fuse` is measured against; it needs ranks only, no
 * statistics of the index.
 */
export function fuseByRank(lists: readonly { readonly list: HitList; readonly weight: number }[]): Hit[] {
  const scores = new Map<string, number>();
  for (const { list, weight } of lists) {
    if (weight <= 0) continue;
    list.hits.forEach(({ id }, at) => {
      scores.set(id, (scores.get(id) ?? 0) + weight / (RANK_OFFSET + at + 1));
    });
  }
  return [...scores]
    .map(([id, score]) => ({ id, score }))
    .sort((a, b) => b.score - a.score || (a.id < b.id ? -1 : 1));
}

/**
 * One list out of several searches for parts of a question: each chunk with its best standardised score. The result is standardised
 * already (mean 0, deviation 1).
 */
export function bestOf(lists: readonly HitList[]): HitList {
  const best = new Map<string, number>();
  for (const { hits, mean, deviation } of lists) {
    if (deviation <= 0) continue;
    for (const { id, score } of hits) {
      const z = (score - mean) / deviation;
      best.set(id, Math.max(z, best.get(id) ?? Number.NEGATIVE_INFINITY));
    }
  }
  const hits = [...best].map(([id, score]) => ({ id, score })).sort((a, b) => b.score - a.score);
  return { hits, mean: 0, deviation: 1 };
}
