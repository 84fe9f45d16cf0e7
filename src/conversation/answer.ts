// What the bot says: an answer with its citations, or a notice about itself.
import type { SafeMarkdown } from '../safety/sanitise.js';

/** A passage the answer rests on, as the reader sees it. */
export interface Citation {
  /** 1-based; appears in the text as `[n]`. */
  readonly marker: number;
  readonly passageId: string;
  /** The document's title. */
  readonly title: string;
  /** Heading path inside the document, outermost first; may be empty. */
  readonly path: readonly string[];
  /** File, line or page, for people: `docs/gpl.md:42`, `manual.pdf, page 17`. */
  readonly place: string;
  /** Other places that say the same, for people: `old/gpl.md:40 (another version)`. Absent when there is none. */
  readonly alsoIn?: readonly string[];
  /** From the index, checked against the allow-list; never from a model. */
  readonly href?: string;
  /** At most 160 characters of plain text. */
  readonly excerpt: string;
  readonly score: number;
}

/** The line of a near document that comes nearest to the question, in quotes. Empty when it has none. */
export function nearestLine({ excerpt }: Citation): string {
  return excerpt === '' ? '' : `“${excerpt}”`;
}

/** `docs/gpl.md:42, also in old/gpl.md:40`: where a citation stands, all its places in one line. Empty when it has none. */
export function placesOf({ place, alsoIn = [] }: Citation): string {
  const others = alsoIn.length === 0 ? '' : `also in ${alsoIn.join(', ')}`;
  return [place, others].filter((part) => part !== '').join(', ');
}

/** How far the answer is carried by passages: all of it, part of it, or there is none. */
export type Grounding = 'grounded' | 'partial' | 'refused';

export interface Answer {
  /** Names this answer in logs, in message metadata and to a person who reports it. */
  readonly id: string;
  readonly question: string;
  /** The text, with `[n]` markers and no URL. */
  readonly markdown: SafeMarkdown;
  /** Exactly the markers used, ascending. Empty when refused. */
  readonly citations: readonly Citation[];
  readonly grounding: Grounding;
  /** Documents that came near, when nothing answered. They are shown, not cited. */
  readonly nearest: readonly Citation[];
  /** One line about the answer itself: "No language model is configured: ...". Plain text. */
  readonly note?: string;
  /** Name of the language model, or `extractive`. */
  readonly model: string;
}

/** A message about the bot itself instead of an answer. Plain text: the cause, then the next step. */
export interface Notice {
  readonly kind: 'busy' | 'degraded' | 'stopping' | 'empty' | 'error';
  readonly text: string;
  /** The id to quote when reporting it; also in the log. */
  readonly reference: string;
}
