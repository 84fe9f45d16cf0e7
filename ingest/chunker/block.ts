// The smallest thing the chunker moves: a piece of text that stays in one chunk, with where it stands.
import type { Nodes } from 'mdast';
import type { Place } from '../../src/retrieval/passage.js';
import { estimateTokens } from './size.js';

/** What pieces of one table, code block or list share: written once around them in every chunk that holds some. */
export interface Frame {
  readonly open: string;
  readonly close: string;
  /** Between two neighbouring pieces. */
  readonly joint: string;
  readonly tokens: number;
}

export interface Block {
  readonly text: string;
  readonly tokens: number;
  readonly place: Place;
  readonly frame: Frame | null;
  /** What a chunk border in front of this block costs, against 0 for a free one and 1 for a chunk of the wrong size. */
  readonly breakCost: number;
  /** Stands alone in its chunk: a definition of a program. */
  readonly alone: boolean;
}

export function frame(open: string, close: string, joint: string): Frame {
  return { open, close, joint, tokens: estimateTokens(open) + estimateTokens(close) };
}

export function block(
  text: string,
  place: Place,
  how: { frame?: Frame; breakCost?: number; alone?: boolean } = {},
): Block {
  return {
    text,
    // A blank line of code is none, but a million of them shall not make one chunk.
    tokens: Math.max(1, estimateTokens(text)),
    place,
    frame: how.frame ?? null,
    breakCost: how.breakCost ?? 0,
    alone: how.alone ?? false,
  };
}

/** Where a node stands; empty when its parser did not say. */
export function placeOf(node: Nodes): Place {
  const page = node.data?.page;
  if (page !== undefined) return { page };
  if (node.position === undefined) return {};
  return { line: node.position.start.line, endLine: node.position.end.line };
}

/** From the start of the first to the end of the last. */
export function span(places: readonly Place[]): Place {
  const pages = places.flatMap((place) => place.page ?? []);
  if (pages.length > 0) return { page: Math.min(...pages) };
  const lines = places.flatMap((place) => place.line ?? []);
  if (lines.length === 0) return {};
  return { line: Math.min(...lines), endLine: Math.max(...places.flatMap((place) => place.endLine ?? [])) };
}

/** The text of blocks in a row, frames written once around the pieces they hold. */
export function render(blocks: readonly Block[]): string {
  let text = '';
  let open: Frame | null = null;
  for (const [at, { text: piece, frame: around }] of blocks.entries()) {
    if (around !== null && around === open) {
      text += around.joint + piece;
      continue;
    }
    if (open !== null) text += open.close;
    if (at > 0) text += '\n\n';
    text += (around?.open ?? '') + piece;
    open = around;
  }
  return (text + (open?.close ?? '')).trim();
}
