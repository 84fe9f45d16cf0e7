// Packs the blocks of one section into chunks of about the right size, borders where they hurt least.
import type { Block } from './block.js';
import type { ChunkSizes } from './size.js';

/**
 * The cheapest way to cut `blocks` into runs: each run costs by its distance from the target size, each border by what
 * it parts. A run over the maximum is only ever a single block. Linear in the blocks, as a run holds few of them.
 */
export function pack(blocks: readonly Block[], sizes: ChunkSizes): Block[][] {
  // best[i]: the lowest cost of the blocks from i on, and where the run that starts there ends.
  const best: { cost: number; end: number }[] = Array.from({ length: blocks.length + 1 }, () => ({
    cost: Number.POSITIVE_INFINITY,
    end: blocks.length,
  }));
  best[blocks.length] = { cost: 0, end: blocks.length };
  for (let start = blocks.length - 1; start >= 0; start--) {
    let size = 0;
    for (let end = start + 1; end <= blocks.length; end++) {
      const added = blocks[end - 1];
      const rest = best[end];
      if (added === undefined || rest === undefined) break;
      if (end > start + 1 && !mayFollow(blocks[end - 2], added)) break;
      size +=
        added.tokens +
        (added.frame !== blocks[end - 2]?.frame || end === start + 1 ? (added.frame?.tokens ?? 0) : 0);
      if (size > sizes.max && end > start + 1) break;
      const border = end < blocks.length ? (blocks[end]?.breakCost ?? 0) : 0;
      const cost = sizeCost(size, sizes) + border + rest.cost;
      if (cost < (best[start]?.cost ?? 0)) best[start] = { cost, end };
    }
  }
  const runs: Block[][] = [];
  for (let start = 0; start < blocks.length; ) {
    const end = best[start]?.end ?? blocks.length;
    runs.push(withoutBlankEdges(blocks.slice(start, end)));
    start = end;
  }
  return runs.filter((run) => run.length > 0);
}

/** A cut in code leaves the blank lines around it behind. */
function withoutBlankEdges(run: readonly Block[]): Block[] {
  const first = run.findIndex((part) => part.text.trim() !== '');
  return first === -1 ? [] : run.slice(first, run.findLastIndex((part) => part.text.trim() !== '') + 1);
}

/** A definition joins only the lines of the same definition. */
function mayFollow(before: Block | undefined, block: Block): boolean {
  if (before === undefined || (!before.alone && !block.alone)) return true;
  return before.frame !== null && before.frame === block.frame;
}

function sizeCost(tokens: number, { target, max }: ChunkSizes): number {
  return ((tokens - target) / (tokens < target ? target : max - target)) ** 2;
}
