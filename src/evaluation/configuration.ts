// One way of searching that can be measured: a model, a mode, and what is left out.
import type { RetrieverPart } from '../retrieval/hybrid-retriever.js';
import type { RetrievalMode } from '../retrieval/retriever.js';

export interface Configuration {
  /** Name of the encoder; idle where the search asks none. */
  readonly model: string;
  readonly mode: RetrievalMode;
  readonly without: ReadonlySet<RetrieverPart>;
}

/** The parts that can be left out, and what each is, for people. */
export const PARTS: Readonly<Record<RetrieverPart, string>> = {
  lexical: 'search by words',
  dense: 'search by meaning',
  clauses: 'each part of the question searched by meaning',
  pairs: 'pairs of neighbouring words',
  headings: 'title and headings as a field of their own',
  'corpus-statistics': 'scores standardised over the index, not ranks',
  collapse: 'near-duplicates shown once',
};

/** Parts that another mode has: switching them off changes nothing. */
const IDLE: Readonly<Record<RetrievalMode, readonly RetrieverPart[]>> = {
  hybrid: [],
  dense: ['lexical', 'dense', 'pairs', 'headings'],
  lexical: ['lexical', 'dense', 'clauses', 'corpus-statistics'],
};

/** The parts that are at work, so that each can be switched off in turn. */
export function partsAtWork({ mode, without }: Configuration): RetrieverPart[] {
  return (Object.keys(PARTS) as RetrieverPart[]).filter(
    (part) => !IDLE[mode].includes(part) && !without.has(part),
  );
}

/** Whether its search asks an encoder. */
export function needsEncoder({ mode, without }: Configuration): boolean {
  return mode !== 'lexical' && !without.has('dense');
}

/** `bge-small-en-v1.5, hybrid, without clauses`: for people, and the same for the same configuration. */
export function describeConfiguration(configuration: Configuration): string {
  const { model, mode, without } = configuration;
  return [
    ...(needsEncoder(configuration) ? [model] : []),
    mode,
    ...(without.size === 0 ? [] : [`without ${[...without].sort().join(', ')}`]),
  ].join(', ');
}

/** What tells `run` from `ours`: `dense`, `all-MiniLM-L6-v2`, `without clauses`; its mode where nothing does. */
export function runName(run: Configuration, ours: Configuration): string {
  const without = [...run.without].sort().join(', ');
  const names = [
    ...(run.model !== ours.model && needsEncoder(run) && needsEncoder(ours) ? [run.model] : []),
    ...(run.mode === ours.mode ? [] : [run.mode as string]),
    ...(without === [...ours.without].sort().join(', ') ? [] : [`without ${without || 'nothing'}`]),
  ];
  return names.length === 0 ? run.mode : names.join(', ');
}
