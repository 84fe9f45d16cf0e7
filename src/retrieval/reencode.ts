// Carries the documents of one index over to another: as they are, or with the vectors of the other's encoder.
import type { Encoder } from './encoder/encoder.js';
import type { Index, IndexedDocument } from './index-port.js';
import { toIndexed } from './indexing.js';

/** Documents read, converted and stored at a time. */
const PAGE = 32;

/** Documents may change in `from` while they are carried over; after this many passes the rest is left to the next sync. */
const PASSES = 3;

export interface CarryTools {
  readonly from: Index;
  readonly to: Index;
  /** The run ends with the signal's reason between two pages; what was stored stays, and the next run goes on from there. */
  readonly signal: AbortSignal;
  /** Chunks carried over in this run, of all that `from` holds. */
  readonly onProgress?: (done: number, total: number) => void;
}

type Convert = (documents: readonly IndexedDocument[]) => Promise<readonly IndexedDocument[]>;

/** Makes `to`, an index of another encoder (null: words only), hold the documents of `from`: as `carryOver`, with new vectors. */
export async function reencode(tools: CarryTools & { readonly encoder: Encoder | null }): Promise<void> {
  await carryOver(tools, (documents) => toIndexed(documents, tools.encoder));
}

/**
 * Makes `to` hold the documents of `from`, no more and no fewer, vectors and all unless `convert` changes them. Documents that `to` holds
 * in the same version are left alone, so that an interrupted run is taken up where it stopped, and going back to an older generation costs
 * only what changed since.
 */
export async function carryOver(
  tools: CarryTools,
  convert: Convert = async (documents) => documents,
): Promise<void> {
  for (let pass = 0; pass < PASSES; pass++) if ((await copyChanged(tools, convert)) === 0) break;
  await removeGone(tools);
}

async function copyChanged({ from, to, signal, onProgress }: CarryTools, convert: Convert): Promise<number> {
  const { chunks: total } = await from.describe();
  const held = hashesOf(to);
  let seen = 0;
  let copied = 0;
  for await (const page of pages(from)) {
    signal.throwIfAborted();
    const changed: IndexedDocument[] = [];
    for (const entry of page) {
      const { source, id, contentHash } = entry.document;
      if ((await held(source)).get(id) !== contentHash) changed.push(entry);
      seen += entry.chunks.length;
    }
    if (changed.length > 0) await to.put(await convert(changed));
    copied += changed.length;
    onProgress?.(Math.min(seen, total), total);
  }
  return copied;
}

async function removeGone({ from, to, signal }: CarryTools): Promise<void> {
  const gone: string[] = [];
  const held = hashesOf(from);
  for await (const page of pages(to)) {
    signal.throwIfAborted();
    for (const { document } of page) {
      if (!(await held(document.source)).has(document.id)) gone.push(document.id);
    }
  }
  if (gone.length > 0) await to.remove(gone);
}

/** The content hashes of a source, asked for once. */
function hashesOf(index: Index): (source: string) => Promise<ReadonlyMap<string, string>> {
  const known = new Map<string, Promise<ReadonlyMap<string, string>>>();
  return (source) => {
    const hashes = known.get(source) ?? index.contentHashes(source);
    known.set(source, hashes);
    return hashes;
  };
}

/** Every document of an index, page by page, in the order of their ids. */
export async function* pages(index: Index): AsyncGenerator<readonly IndexedDocument[]> {
  let after: string | undefined;
  for (;;) {
    const page = await index.export(after, PAGE);
    if (page.length === 0) return;
    yield page;
    after = page.at(-1)?.document.id;
  }
}
