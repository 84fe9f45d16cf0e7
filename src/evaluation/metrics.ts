// The measures of a ranking, for one question at a time.

/** Relevance of the documents of one question: id -> grade, above 0 for relevant. */
export type Judgements = ReadonlyMap<string, number>;

/** How many of the relevant documents are among the first `k`, and how many there are. */
export function found(
  ranking: readonly string[],
  judged: Judgements,
  k: number,
): { hits: number; relevant: number } {
  const isRelevant = (id: string) => (judged.get(id) ?? 0) > 0;
  return {
    hits: new Set(ranking.slice(0, k).filter(isRelevant)).size,
    relevant: [...judged.values()].filter((grade) => grade > 0).length,
  };
}

/** Normalised discounted cumulative gain at `k`, linear gain (Järvelin and Kekäläinen 2002). 0 where nothing is relevant. */
export function ndcg(ranking: readonly string[], judged: Judgements, k: number): number {
  const gain = (grades: readonly number[]) =>
    grades.slice(0, k).reduce((sum, grade, at) => sum + Math.max(0, grade) / Math.log2(at + 2), 0);
  const ideal = gain([...judged.values()].sort((a, b) => b - a));
  return ideal === 0 ? 0 : gain(ranking.map((id) => judged.get(id) ?? 0)) / ideal;
}

/** One over the place of the first relevant document within the first `k`; 0 when there is none. */
export function reciprocalRank(ranking: readonly string[], judged: Judgements, k: number): number {
  const at = ranking.slice(0, k).findIndex((id) => (judged.get(id) ?? 0) > 0);
  return at === -1 ? 0 : 1 / (at + 1);
}
