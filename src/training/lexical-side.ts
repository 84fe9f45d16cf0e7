// The lexical side over a corpus in memory: BM25 as the indexes have it, for thousands of questions at once.
import type { SparseVector } from '../retrieval/index-port.js';
import { inverseDocumentFrequency } from '../retrieval/lexical.js';

interface Postings {
  readonly rows: number[];
  readonly weights: number[];
}

/** Knows only the terms of the questions it was made for, so that a large corpus costs no large memory. */
export class LexicalSide {
  readonly #postings = new Map<number, Postings>();
  readonly #total: number;
  readonly #scores: Float64Array;

  constructor(chunks: readonly { readonly terms: SparseVector }[], questions: readonly SparseVector[]) {
    this.#total = chunks.length;
    this.#scores = new Float64Array(chunks.length);
    for (const { ids } of questions) for (const id of ids) this.#postings.set(id, { rows: [], weights: [] });
    chunks.forEach(({ terms: { ids, weights } }, row) => {
      for (let at = 0; at < ids.length; at++) {
        const list = this.#postings.get(ids[at] ?? 0);
        if (list === undefined) continue;
        list.rows.push(row);
        list.weights.push(weights[at] ?? 0);
      }
    });
  }

  /** Rows and scores of the best `k` chunks, best first. */
  best(question: SparseVector, k: number): { readonly row: number; readonly score: number }[] {
    const touched = this.#score(question);
    const found = touched.map((row) => ({ row, score: this.#scores[row] ?? 0 }));
    this.#forget(touched);
    return found.sort((a, b) => b.score - a.score || a.row - b.row).slice(0, k);
  }

  /** Place of chunk `row` among all, from 1, were its terms `terms`: what is left of it when its own words were taken out. */
  rankOf(question: SparseVector, row: number, terms: SparseVector): number {
    const touched = this.#score(question);
    const own = this.#product(question, terms);
    let better = 0;
    for (const other of touched) if (other !== row && (this.#scores[other] ?? 0) > own) better++;
    this.#forget(touched);
    return own === 0 ? this.#total : better + 1;
  }

  #score(question: SparseVector): number[] {
    const touched: number[] = [];
    question.ids.forEach((id, at) => {
      const list = this.#postings.get(id);
      if (list === undefined) return;
      const factor = this.#idf(list) * (question.weights[at] ?? 0);
      for (let position = 0; position < list.rows.length; position++) {
        const row = list.rows[position] ?? 0;
        const before = this.#scores[row] ?? 0;
        if (before === 0) touched.push(row);
        this.#scores[row] = before + factor * (list.weights[position] ?? 0);
      }
    });
    return touched;
  }

  #product(question: SparseVector, terms: SparseVector): number {
    const weights = new Map(Array.from(terms.ids, (id, at) => [id, terms.weights[at] ?? 0]));
    let sum = 0;
    question.ids.forEach((id, at) => {
      const weight = weights.get(id);
      const list = this.#postings.get(id);
      if (weight !== undefined && list !== undefined)
        sum += this.#idf(list) * (question.weights[at] ?? 0) * weight;
    });
    return sum;
  }

  #idf({ rows }: Postings): number {
    return inverseDocumentFrequency(this.#total, rows.length);
  }

  #forget(rows: readonly number[]): void {
    for (const row of rows) this.#scores[row] = 0;
  }
}
