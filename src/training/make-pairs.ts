// Makes the pairs a retriever learns from out of the indexed documents, without a model: drafts of every kind, reworded, ranked, mixed.
import { seededRandom } from '../evaluation/bootstrap.js';
import type { SparseVector } from '../retrieval/index-port.js';
import { chunkTerms, questionTerms, termsOf } from '../retrieval/lexical.js';
import { type Corpus, type CorpusChunk, cutOut, headingsOf, passageText } from './corpus.js';
import { LexicalSide } from './lexical-side.js';
import { compoundQuestions } from './pairs/compound-questions.js';
import { conditionQuestions } from './pairs/condition-questions.js';
import { croppedQuestions } from './pairs/cropped-questions.js';
import { definitionQuestions } from './pairs/definition-questions.js';
import { type Draft, type PairKind, type Random, shuffled } from './pairs/draft.js';
import { elsewhereQuestions, type Homes, homesOf } from './pairs/elsewhere-questions.js';
import { headingQuestions } from './pairs/heading-questions.js';
import { optionQuestions } from './pairs/option-questions.js';
import { viewOf } from './pairs/passage-view.js';
import { wordCount } from './pairs/phrases.js';
import { purposeQuestions } from './pairs/purpose-questions.js';
import { otherNames, otherVerb, otherWords, typedNames } from './pairs/rewording.js';
import { learnVocabulary, type Vocabulary } from './pairs/vocabulary.js';
import type { TrainingExample } from './training-example.js';
import { type UsableChunks, usableChunks } from './usable-chunks.js';

/** Kinds that are made without a model, and their shares. */
export type Mix = Readonly<Partial<Record<PairKind, number>>>;

/** The mix of the best run that was measured. */
export const DEFAULT_MIX: Mix = {
  compound: 0.25,
  option: 0.27,
  purpose: 0.18,
  heading: 0.13,
  cropped: 0.1,
  condition: 0.04,
  faq: 0.015,
  definition: 0.015,
};

export interface PairOptions {
  readonly samples?: number;
  readonly mix?: Mix;
  /** Share of each kind that is taken, as far as there are any, from the questions whose passage the lexical side does not rank first. */
  readonly preferHard?: number;
  readonly seed?: number;
  readonly signal?: AbortSignal;
}

export interface DevelopmentQuestion {
  readonly question: string;
  readonly kind: PairKind;
  /** Chunk ids; for a question with two needs, those of both. */
  readonly relevant: readonly string[];
  /** Absent where nobody made the question out of the passage. */
  readonly lexicalRank?: number;
}

export interface PairSet {
  /** Without negatives yet. */
  readonly training: readonly TrainingExample[];
  /** Of documents that no training pair is made from. */
  readonly development: readonly DevelopmentQuestion[];
  /** Why there are not more. */
  readonly leftOut: UsableChunks['leftOut'];
}

const DEFAULT_SAMPLES = 3_000;
const DEFAULT_PREFER_HARD = 0.5;

/** Development questions for every training pair wanted. */
const DEVELOPMENT_SHARE = 0.15;

/** Drafts of a kind for every pair wanted of it: enough to choose from. */
const DRAFTS_PER_PAIR = 3;
const COMPOUNDS_PER_PAIR = 2;

/** Pairs of one chunk at most. */
const MOST_PER_CHUNK = 4;

/** Longer documents are books, whose title does not tell what a passage is about. Chunks. */
const LONGEST_ARTICLE = 60;

/** A passage that so many others beat, words alone told, is not what the question is about. */
const LOWEST_RANK = 100;

/** Shortest and longest question, in words. */
const QUESTION_WORDS = { least: 3, most: 48 };

/** Syntax rather than words: nobody asks in it. */
const SYNTAX = /[|{}<>\\^~=]|\/\*|\]\]|\S{45}/u;

/** How often the heading line stands before the passage; less often where the question repeats it. */
const HEADING_SHARE = 0.85;
const OWN_HEADING_SHARE = 0.5;

/** How often the source sentence is taken out of the passage. */
const SOURCE_REMOVED: Readonly<Partial<Record<PairKind, number>>> = {
  cropped: 0.7,
  purpose: 0.3,
  condition: 0.3,
  definition: 0.3,
  option: 0.15,
};

/** A draft as somebody would type it, or two drafts in one question. */
interface Candidate {
  readonly kind: PairKind;
  readonly question: string;
  readonly chunk: number;
  readonly source: string | undefined;
  /** Other chunks that answer it. */
  readonly alsoRight: readonly number[];
}

interface Ranked extends Candidate {
  readonly rank: number;
}

/** The same corpus, options and seed always give the same pairs. */
export function makePairs(corpus: Corpus, options: PairOptions = {}): PairSet {
  const { samples = DEFAULT_SAMPLES, mix = DEFAULT_MIX, seed = 1 } = options;
  const random = seededRandom(seed);
  const usable = usableChunks(corpus, random);
  const maker = new Maker(corpus, options, random);
  const training = maker.make(usable.training, samples, mix);
  const { cropped: _cropped, ...asked } = mix;
  const development = maker.make(usable.development, Math.round(DEVELOPMENT_SHARE * samples), asked);
  return {
    training: training.map((ranked) => toExample(corpus, ranked, rightIds(corpus, usable, ranked), random)),
    development: development.map((ranked) => toQuestion(corpus, usable, ranked)),
    leftOut: usable.leftOut,
  };
}

/** Questions about all documents, none held out, with the chunks that answer them: for a test set. */
export function makeQuestions(corpus: Corpus, options: PairOptions = {}): DevelopmentQuestion[] {
  const { samples = DEFAULT_SAMPLES, mix = DEFAULT_MIX, seed = 1 } = options;
  const random = seededRandom(seed);
  const usable = usableChunks(corpus, random);
  const made = new Maker(corpus, options, random).make(
    [...usable.development, ...usable.training],
    samples,
    mix,
  );
  return made.map((ranked) => toQuestion(corpus, usable, ranked));
}

/** Drafts, words and ranks them, and chooses. */
class Maker {
  readonly #corpus: Corpus;
  readonly #options: PairOptions;
  readonly #random: Random;
  readonly #vocabulary: Vocabulary;
  readonly #homes: Homes;

  constructor(corpus: Corpus, options: PairOptions, random: Random) {
    this.#corpus = corpus;
    this.#options = options;
    this.#random = random;
    this.#vocabulary = learnVocabulary(corpus.chunks);
    this.#homes = homesOf(corpus.chunks);
  }

  make(positions: readonly number[], wanted: number, mix: Mix): Ranked[] {
    const { preferHard = DEFAULT_PREFER_HARD, signal } = this.#options;
    const random = this.#random;
    const vocabulary = this.#vocabulary;
    const quotas = quotasOf(mix, wanted);
    const drafts = draftsFrom(this.#corpus, positions, quotas, {
      vocabulary,
      homes: this.#homes,
      random,
      signal,
    });
    const compounds = compoundQuestions(
      drafts,
      COMPOUNDS_PER_PAIR * (quotas.get('compound') ?? 0),
      ({ chunk }) => this.#corpus.chunks[chunk]?.document.id ?? '',
      random,
    );
    const candidates = [
      ...drafts.flatMap((draft) => wordings(draft, vocabulary, random)),
      ...compounds.flatMap(({ question, drafts: both }) => {
        const [right, other] = random() < 0.5 ? both : ([both[1], both[0]] as const);
        return wordings({ ...right, kind: 'compound', question }, vocabulary, random, [other.chunk]);
      }),
    ];
    return select(rank(this.#corpus, candidates, signal), quotas, wanted, preferHard, random);
  }
}

function quotasOf(mix: Mix, samples: number): Map<PairKind, number> {
  const entries = Object.entries(mix) as [PairKind, number][];
  const total = entries.reduce((sum, [, share]) => sum + share, 0);
  return new Map(
    entries.map(([kind, share]) => [kind, Math.ceil((samples * share) / Math.max(total, Number.EPSILON))]),
  );
}

function draftsFrom(
  corpus: Corpus,
  positions: readonly number[],
  quotas: ReadonlyMap<PairKind, number>,
  tools: {
    readonly vocabulary: Vocabulary;
    readonly homes: Homes;
    readonly random: Random;
    readonly signal: AbortSignal | undefined;
  },
): Draft[] {
  const { vocabulary, homes, random, signal } = tools;
  const side = new Set(positions);
  const sizes = new Map<string, number>();
  for (const { document } of corpus.chunks) sizes.set(document.id, (sizes.get(document.id) ?? 0) + 1);
  const counts = new Map<PairKind, number>();
  const drafts: Draft[] = [];
  const isFull = () =>
    [...quotas].every(
      ([kind, quota]) => kind === 'compound' || (counts.get(kind) ?? 0) >= DRAFTS_PER_PAIR * quota,
    );
  for (const at of positions) {
    signal?.throwIfAborted();
    if (isFull()) break;
    const chunk = corpus.chunks[at] as CorpusChunk;
    const view = viewOf(chunk, at, vocabulary, (sizes.get(chunk.document.id) ?? 0) <= LONGEST_ARTICLE);
    const own: Draft[] = [
      ...elsewhereQuestions(view, homes, random).filter(({ chunk }) => side.has(chunk)),
      ...optionQuestions(view, random),
      ...purposeQuestions(view, random),
      ...headingQuestions(view, random),
      ...definitionQuestions(view, random),
      ...conditionQuestions(view, random),
      ...croppedQuestions(view, random),
    ];
    for (const draft of own) {
      if (!quotas.has(draft.kind)) continue;
      counts.set(draft.kind, (counts.get(draft.kind) ?? 0) + 1);
      drafts.push(draft);
    }
  }
  return drafts;
}

/** The draft as it is, and in other words where that makes another question. */
function wordings(
  draft: Draft,
  vocabulary: Vocabulary,
  random: Random,
  alsoRight: readonly number[] = [],
): Candidate[] {
  const base = { kind: draft.kind, chunk: draft.chunk, source: draft.source, alsoRight };
  const plain = { ...base, question: typedNames(draft.question, random) };
  if (draft.kind === 'cropped') return [plain];
  let other = draft.question;
  if (draft.action !== undefined) other = replaceVerb(other, draft.action, random);
  other = otherWords(otherNames(other, vocabulary), random, 0.8);
  return other === draft.question ? [plain] : [plain, { ...base, question: typedNames(other, random) }];
}

function replaceVerb(question: string, action: string, random: Random): string {
  const [verb = '', next = ''] = action.split(' ');
  return question.replace(`${verb} ${next}`, otherVerb(`${verb} ${next}`, random));
}

/** Candidates with the place of their passage by words alone; those that are not about their passage are gone. */
function rank(corpus: Corpus, candidates: readonly Candidate[], signal: AbortSignal | undefined): Ranked[] {
  const fitting = candidates.filter(({ question }) => {
    const words = wordCount(question);
    return words >= QUESTION_WORDS.least && words <= QUESTION_WORDS.most && !SYNTAX.test(question);
  });
  const terms = fitting.map(({ question }) => questionTerms(question));
  const side = new LexicalSide(corpus.chunks, terms);
  return fitting.flatMap((candidate, at) => {
    signal?.throwIfAborted();
    const chunk = corpus.chunks[candidate.chunk] as CorpusChunk;
    const place = side.rankOf(terms[at] as SparseVector, candidate.chunk, ownTerms(chunk, candidate));
    return place > LOWEST_RANK ? [] : [{ ...candidate, rank: place }];
  });
}

/** A cropped sentence is nearly always taken out of its passage; the others rarely are. */
function ownTerms(chunk: CorpusChunk, { kind, source }: Candidate): SparseVector {
  if (kind !== 'cropped' || source === undefined) return chunk.terms;
  return chunkTerms(headingsOf(chunk), cutOut(chunk.text, source));
}

/** Fills the quotas, hard ones first as far as wanted; what one kind lacks, the others make up for. */
function select(
  ranked: readonly Ranked[],
  quotas: ReadonlyMap<PairKind, number>,
  samples: number,
  preferHard: number,
  random: Random,
): Ranked[] {
  const perChunk = new Map<number, number>();
  const seen = new Set<string>();
  const taken: Ranked[] = [];
  const take = (candidate: Ranked): boolean => {
    const used = perChunk.get(candidate.chunk) ?? 0;
    const keys = [questionKey(candidate.question), draftKey(candidate)];
    if (used >= MOST_PER_CHUNK || keys.some((key) => seen.has(key))) return false;
    for (const key of keys) seen.add(key);
    perChunk.set(candidate.chunk, used + 1);
    taken.push(candidate);
    return true;
  };
  const fill = (candidates: readonly Ranked[], wanted: number): number => {
    let left = wanted;
    for (const candidate of candidates) {
      if (left <= 0 || taken.length >= samples) break;
      if (take(candidate)) left--;
    }
    return wanted - left;
  };
  // Rare kinds first, before common ones have used up their chunks.
  for (const [kind, quota] of [...quotas].sort((a, b) => a[1] - b[1])) {
    const own = ranked.filter((candidate) => candidate.kind === kind);
    const hard = own.filter((candidate) => candidate.rank > 1);
    const found = fill(hard, Math.round(preferHard * quota));
    fill([...own.filter((candidate) => candidate.rank === 1), ...hard], quota - found);
  }
  fill(shuffled(random, ranked), samples - taken.length);
  return shuffled(random, taken);
}

/** Two questions with the same stems are one. */
function questionKey(question: string): string {
  return `q ${[...new Set(termsOf(question).filter((term) => !term.includes(' ')))].sort().join(' ')}`;
}

/** Of the wordings of one draft only one is taken. */
function draftKey({ kind, chunk, source, question, alsoRight }: Candidate): string {
  return `d ${kind} ${chunk} ${alsoRight.join(',')} ${source ?? question}`;
}

function toExample(corpus: Corpus, ranked: Ranked, ids: readonly string[], random: Random): TrainingExample {
  const { kind, chunk: at, source, question, alsoRight, rank: lexicalRank } = ranked;
  const chunk = corpus.chunks[at] as CorpusChunk;
  const without = random() < (SOURCE_REMOVED[kind] ?? 0) ? source : undefined;
  const heading = random() < (kind === 'heading' || kind === 'faq' ? OWN_HEADING_SHARE : HEADING_SHARE);
  const documents = [at, ...alsoRight].flatMap((one) => corpus.chunks[one]?.document.id ?? []);
  return {
    question,
    passage: { id: chunk.id, text: passageText(chunk, { without, heading }) },
    negatives: [],
    notWrong: ids.filter((id) => id !== chunk.id),
    origin: { kind, documents: [...new Set(documents)], lexicalRank },
  };
}

function toQuestion(corpus: Corpus, usable: UsableChunks, ranked: Ranked): DevelopmentQuestion {
  const { question, kind, rank: lexicalRank } = ranked;
  return { question, kind, relevant: rightIds(corpus, usable, ranked), lexicalRank };
}

/** Ids of the chunks that answer it, word-for-word copies included; its own passage first. */
function rightIds(corpus: Corpus, { copies }: UsableChunks, { chunk, alsoRight }: Candidate): string[] {
  return [chunk, ...alsoRight].flatMap((at) => {
    const id = corpus.chunks[at]?.id;
    return id === undefined ? [] : [id, ...(copies.get(at) ?? [])];
  });
}
