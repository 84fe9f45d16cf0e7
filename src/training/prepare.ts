// What a run learns from and is judged on: pairs with their hard negatives, and questions about documents that no pair is made from.
import { setTimeout as delay } from 'node:timers/promises';
import type { Logger } from 'pino';
import { z } from 'zod';
import { ChipwrightError } from '../errors.js';
import type { EvaluationSet } from '../evaluation/data-set.js';
import type { LanguageModel } from '../language-model/language-model.js';
import type { Encoder } from '../retrieval/encoder/encoder.js';
import type { Index } from '../retrieval/index-port.js';
import { AnswerJournal } from './answer-journal.js';
import { type Corpus, readCorpus } from './corpus.js';
import { developmentSet } from './development-set.js';
import { withoutFalseNegatives } from './false-negatives.js';
import { mineHardNegatives } from './hard-negatives.js';
import { askingCost, languageModelPairs } from './language-model-pairs.js';
import { type DevelopmentQuestion, makePairs, type PairSet } from './make-pairs.js';
import { PatientAsker } from './patient-asker.js';
import { type RatedAnswer, ratedPairs } from './rated-pairs.js';
import type { RunFolder } from './run-folder.js';
import { type TrainingExample, trainingExampleSchema } from './training-example.js';
import type { TuningSettings } from './tuning-settings.js';

/** Fewer pairs than this teach a model more about their wording than about the documents. */
export const FEWEST_PAIRS = 200;

/** Fewer development questions cannot tell a better model from a lucky one. */
const FEWEST_QUESTIONS = 30;

/** Share of the pairs that a language model may write: those made without one are of kinds that it does not write. */
const WRITTEN_SHARE = 0.5;

/** Share of what a language model is asked that goes into questions; the rest looks at hard negatives. */
const WRITING_SHARE = 0.5;

export interface PrepareRequest {
  /** The index that answers; its documents are what is learnt. */
  readonly index: Index;
  /** Folder of the model that answers at the moment. */
  readonly inUse: string;
  readonly run: RunFolder;
  readonly samples: number;
  readonly settings: TuningSettings;
  /** The team's own questions; they judge, and are never trained on. */
  readonly questions: EvaluationSet | null;
  /** What people thought of answers. */
  readonly rated: readonly RatedAnswer[];
  /** Who writes questions too, and how many requests it is sent at most. */
  readonly writer?: { readonly languageModel: LanguageModel; readonly requests: number } | undefined;
}

export interface TuneTools {
  /** The encoder of a model folder. */
  readonly openEncoder: (folder: string) => Promise<Encoder>;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onProgress: (progress: TuneProgress) => void;
  /** Before the language model is asked for the first time. */
  readonly onPlan: (plan: AskingPlan) => void;
}

export interface TuneProgress {
  readonly stage: 'reading' | 'pairs' | 'asking' | 'negatives' | 'training' | 'judging';
  readonly done: number;
  readonly total: number;
  /** For people: loss and speed, or what is being encoded. */
  readonly detail: string;
}

/** What asking the language model costs at most. */
export interface AskingPlan {
  readonly model: string;
  readonly requests: number;
  /** Of all requests together, as `approximateTokens` counts. */
  readonly inputTokens: number;
  /** Answers that are here from before the run was stopped, and are not asked for again. */
  readonly known: number;
}

const writtenSchema = z.object({
  model: z.string(),
  asked: z.number(),
  pairs: z.number(),
  /** Reason -> questions that were dropped for it. */
  dropped: z.record(z.string(), z.number()),
  /** Hard negatives that answered the question, or could not be judged. */
  falseNegatives: z.number(),
  /** Why it was not asked to the end; null when it was. */
  problem: z.string().nullable(),
});

/** What came of asking the language model: counts alone. */
export type Written = z.infer<typeof writtenSchema>;

const judgedSchema = z.array(z.tuple([z.string(), z.number()]));
const preparedSchema = z.object({
  examples: z.array(trainingExampleSchema),
  development: z.object({
    corpus: z.array(z.object({ id: z.string(), title: z.string(), text: z.string() })),
    questions: z.array(
      z.object({ id: z.string(), text: z.string(), type: z.string(), judged: judgedSchema }),
    ),
  }),
  written: writtenSchema.optional(),
});

export interface Prepared {
  readonly examples: readonly TrainingExample[];
  readonly development: EvaluationSet;
  /** Undefined without a language model. */
  readonly written: Written | undefined;
}

/** Made once a run, so that a change of the documents changes nothing. Rejects with `training_declined` when they give too little. */
export async function prepare(request: PrepareRequest, tools: TuneTools): Promise<Prepared> {
  const { examples, development, written } = await request.run.keep(
    'prepared.json',
    preparedSchema,
    async () => {
      const made = await make(request, tools);
      return {
        examples: [...made.examples],
        development: {
          corpus: [...made.development.corpus],
          questions: made.development.questions.map(({ id, text, type = '', judged }) => ({
            id,
            text,
            type,
            judged: [...judged],
          })),
        },
        written: made.written,
      };
    },
  );
  return {
    examples,
    development: {
      corpus: development.corpus,
      questions: development.questions.map((question) => ({ ...question, judged: new Map(question.judged) })),
    },
    written,
  };
}

async function make(request: PrepareRequest, tools: TuneTools): Promise<Prepared> {
  const { index, samples, settings, inUse } = request;
  const { signal, onProgress } = tools;
  onProgress({ stage: 'reading', done: 0, total: 1, detail: 'documents' });
  const corpus = await readCorpus(index, { signal });
  onProgress({ stage: 'pairs', done: 0, total: samples, detail: `${corpus.chunks.length} passages` });
  const pairs = makePairs(corpus, { samples, seed: settings.seed, signal });
  // Before anything is asked that costs money.
  requireEnough(pairs, corpus);
  const heldOut = documentsOf(corpus, pairs.development);
  const rated = ratedPairs(request.rated, corpus, heldOut);
  const writing = await startWriting(request, corpus, tools);
  const encoder = await tools.openEncoder(inUse);
  try {
    const training = [...rated.training, ...(writing?.pairs ?? []), ...pairs.training].slice(0, samples);
    const mined = await mineHardNegatives(training, corpus, encoder, {
      signal,
      onProgress: (done, total) => onProgress({ stage: 'negatives', done, total, detail: '' }),
    });
    const checked = await writing?.check(mined);
    return {
      examples: checked?.pairs ?? mined,
      development: developmentSet(corpus, [...rated.development, ...pairs.development], settings.seed),
      written: checked?.written,
    };
  } finally {
    await encoder.close();
  }
}

/** Ids of the documents that questions are about. */
function documentsOf({ chunks }: Corpus, questions: readonly DevelopmentQuestion[]): ReadonlySet<string> {
  const relevant = new Set(questions.flatMap((question) => question.relevant));
  return new Set(chunks.filter(({ id }) => relevant.has(id)).map(({ document }) => document.id));
}

function requireEnough({ training, development }: PairSet, corpus: Corpus): void {
  if (training.length >= FEWEST_PAIRS && development.length >= FEWEST_QUESTIONS) return;
  throw new ChipwrightError(
    'training_declined',
    `The ${corpus.chunks.length} passages of the index give ${training.length} pairs to learn from and ${development.length} questions to ` +
      `judge by; ${FEWEST_PAIRS} and ${FEWEST_QUESTIONS} are needed. Nothing was changed.`,
    { cure: 'Index more documents in English, then tune again; until then the base model answers well.' },
  );
}

interface Writing {
  readonly pairs: readonly TrainingExample[];
  /** Looks at the hard negatives of the pairs, those it wrote first, with the requests that are left. */
  check(
    mined: readonly TrainingExample[],
  ): Promise<{ readonly pairs: readonly TrainingExample[]; readonly written: Written }>;
}

/**
 * The pairs of the language model, if there is one. A failure that may pass costs the pairs it hit; rejects with one that a person must
 * correct, such as a wrong key, when nothing was answered at all.
 */
async function startWriting(
  { run, samples, settings, questions, writer }: PrepareRequest,
  corpus: Corpus,
  { signal, onProgress, onPlan }: TuneTools,
): Promise<Writing | undefined> {
  if (writer === undefined) return undefined;
  const { languageModel, requests } = writer;
  const journal = await AnswerJournal.open(run.at('answers.jsonl'));
  const asker = new PatientAsker({
    languageModel,
    journal,
    signal,
    wait: (milliseconds) => delay(milliseconds, undefined, { signal }),
  });
  const request = {
    samples: Math.round(WRITTEN_SHARE * samples),
    most: Math.floor(WRITING_SHARE * requests),
    seed: settings.seed,
    examples: questions?.questions.map(({ text }) => text) ?? [],
  };
  const inputTokens = requests * askingCost(corpus, request);
  onPlan({ model: languageModel.name, requests, inputTokens, known: journal.size });
  const { pairs, dropped } = await languageModelPairs(corpus, request, asker, (done, total) =>
    onProgress({ stage: 'asking', done, total, detail: 'for questions' }),
  );
  const { problem } = asker;
  if (problem !== undefined && !problem.retryable && journal.size === 0) throw problem;
  return {
    pairs,
    async check(mined) {
      const left = requests - asker.asked;
      const { pairs: checked, removed } = await withoutFalseNegatives(
        mined,
        corpus,
        left,
        asker,
        (done, total) => onProgress({ stage: 'asking', done, total, detail: 'about hard negatives' }),
      );
      return {
        pairs: checked,
        written: {
          model: languageModel.name,
          asked: asker.asked,
          pairs: pairs.length,
          dropped,
          falseNegatives: removed,
          problem: asker.problem?.message ?? null,
        },
      };
    },
  };
}
