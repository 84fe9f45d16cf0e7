// What is handed on with a passage so that it can be understood: how its section begins, and what stands right before and after it.
import type { Stretch } from './index-port.js';
import type { Passage } from './passage.js';

/** Passages that get context: those of an answer. */
const WITH_CONTEXT = 8;
/** Of those, the best ones get their whole neighbours; the others the lead-in of their section only. */
const WITH_NEIGHBOURS = 3;
/** Chunks looked back for the beginning of the section: of 5,068 real chunks, 94 percent are no further in. */
const REACH = 6;
/** Characters of a lead-in: a few sentences. */
const LONGEST_LEAD_IN = 600;

/** A list, a table, code or a heading of its own: what a lead-in leads to. */
const STRUCTURE = /^\s*(?:[-*+] |\d+[.)] |\||`{3}|~{3}|#{1,6} )/;

/** The stretches that `withContext` needs for these passages. */
export function stretchesAround(passages: readonly Passage[]): Stretch[] {
  return passages.slice(0, WITH_CONTEXT).map(({ document, ordinal }) => ({
    document: document.id,
    from: Math.max(0, ordinal - REACH),
    to: ordinal + 1,
  }));
}

/**
 * `passages`, best first, with their context out of `around`. Only chunks of the same section, or the lead-in of the section above it, so
 * that whoever opens the passage sees them on the same screen. No chunk is handed on twice, as context or as a passage of its own.
 */
export function withContext(passages: readonly Passage[], around: readonly Passage[]): Passage[] {
  const at = new Map(around.map((chunk) => [placeOf(chunk.document.id, chunk.ordinal), chunk]));
  const used = new Set(passages.map(({ id }) => id));
  const take = (chunk: Passage | undefined, part: (text: string) => string): string => {
    const text = chunk === undefined || used.has(chunk.id) ? '' : part(chunk.text);
    if (chunk !== undefined && text !== '') used.add(chunk.id);
    return text;
  };
  return passages.map((passage, rank) => {
    if (rank >= WITH_CONTEXT) return passage;
    const step = (by: number) => at.get(placeOf(passage.document.id, passage.ordinal + by));
    const near = rank < WITH_NEIGHBOURS;
    const neighbour = (by: number) => take(near ? inSection(step(by), passage) : undefined, whole);
    const previous = neighbour(-1);
    const leadIn = take(openingOf(passage, step), leadInOf);
    const before = [leadIn, previous].filter((part) => part !== '').join('\n\n');
    const after = neighbour(1);
    return before === '' && after === '' ? passage : { ...passage, context: { before, after } };
  });
}

function whole(text: string): string {
  return text;
}

function placeOf(document: string, ordinal: number): string {
  return `${ordinal}\0${document}`;
}

function inSection(chunk: Passage | undefined, passage: Passage): Passage | undefined {
  return chunk?.path.length === passage.path.length && leadsTo(chunk, passage) ? chunk : undefined;
}

/**
 * The first chunk of the passage's section, when the passage is a later one; where the section begins with a list or a table, as "Options"
 * does, the first chunk of the section above.
 */
function openingOf(passage: Passage, step: (by: number) => Passage | undefined): Passage | undefined {
  const back = Array.from({ length: REACH }, (_, at) => step(-1 - at)).filter((chunk) => chunk !== undefined);
  const border = back.findIndex((chunk) => inSection(chunk, passage) === undefined);
  const own = border === -1 ? back : back.slice(0, border);
  // The section may begin further away.
  if (own.length === REACH && passage.ordinal > REACH) return undefined;
  const first = own.at(-1);
  if (!STRUCTURE.test((first ?? passage).text)) return first;
  const above = back.slice(own.length).filter((chunk) => leadsTo(chunk, passage));
  return above.filter(({ path }) => path.length === above[0]?.path.length).at(-1);
}

function leadsTo(chunk: Passage, passage: Passage): boolean {
  return chunk.path.every((heading, depth) => heading === passage.path[depth]);
}

/** The paragraphs before the first list, table or code. */
function leadInOf(text: string): string {
  const paragraphs = text.split(/\n{2,}/);
  const structure = paragraphs.findIndex((part) => STRUCTURE.test(part));
  const lead = paragraphs.slice(0, structure === -1 ? paragraphs.length : structure).join('\n\n');
  if (lead.length <= LONGEST_LEAD_IN) return lead;
  const end = lead.slice(0, LONGEST_LEAD_IN).search(/[.!?:](?=\s[^.!?:]*$)/);
  return end === -1 ? '' : lead.slice(0, end + 1);
}
