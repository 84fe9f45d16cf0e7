// The k best of many scores, without sorting them all.

/**
 * Keeps the `k` highest scores offered to it. Equal scores keep the lower key, so that a ranking does not depend on the order in
 * which an engine happens to visit its rows.
 */
export class TopK {
  readonly #k: number;
  /** A binary heap, worst on top. */
  readonly #heap: { key: number; score: number }[] = [];

  constructor(k: number) {
    this.#k = k;
  }

  /** A lower score will not be kept. */
  get threshold(): number {
    return this.#heap.length < this.#k ? Number.NEGATIVE_INFINITY : (this.#heap[0]?.score ?? 0);
  }

  offer(key: number, score: number): void {
    if (score < this.threshold) return;
    const heap = this.#heap;
    const candidate = { key, score };
    if (heap.length < this.#k) {
      heap.push(candidate);
      this.#rise(heap.length - 1);
      return;
    }
    const worst = heap[0];
    if (worst === undefined || !isWorse(worst, candidate)) return;
    heap[0] = candidate;
    this.#sink();
  }

  /** Best first. */
  sorted(): { key: number; score: number }[] {
    return [...this.#heap].sort((a, b) => (isWorse(a, b) ? 1 : -1));
  }

  #rise(from: number): void {
    const heap = this.#heap;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!swapIfWorse(heap, at, parent)) return;
      at = parent;
    }
  }

  #sink(): void {
    const heap = this.#heap;
    let at = 0;
    for (;;) {
      const left = 2 * at + 1;
      const right = left + 1;
      const leftNode = heap[left];
      if (leftNode === undefined) return;
      const rightNode = heap[right];
      const child = rightNode !== undefined && isWorse(rightNode, leftNode) ? right : left;
      if (!swapIfWorse(heap, child, at)) return;
      at = child;
    }
  }
}

type Scored = { key: number; score: number };

function isWorse(a: Scored, b: Scored): boolean {
  return a.score < b.score || (a.score === b.score && a.key > b.key);
}

/** Swaps the two when the lower one is the worse of them. */
function swapIfWorse(heap: Scored[], lower: number, upper: number): boolean {
  const a = heap[lower];
  const b = heap[upper];
  if (a === undefined || b === undefined || !isWorse(a, b)) return false;
  heap[lower] = b;
  heap[upper] = a;
  return true;
}
