// Tuning from end to end: pairs out of the index, training, merging, the gate. What is published, the caller decides by the verdict.
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { z } from 'zod';
import { ChipwrightError } from '../errors.js';
import type { EvaluationSet } from '../evaluation/data-set.js';
import type { Encoder } from '../retrieval/encoder/encoder.js';
import {
  type ModelContent,
  readManifest,
  readModelWeights,
  writeModelFolder,
} from '../retrieval/encoder/model-folder.js';
import type { TuningRecord } from '../retrieval/encoder/tuning-record.js';
import type { Index } from '../retrieval/index-port.js';
import {
  type Candidate,
  chooseCandidate,
  type JudgedCandidate,
  judgeCandidates,
  type NamedSet,
} from './candidates.js';
import { type Corpus, readCorpus } from './corpus.js';
import { developmentSet, drawPassages } from './development-set.js';
import { fineTune } from './fine-tune.js';
import { mineHardNegatives } from './hard-negatives.js';
import { makePairs, type PairSet } from './make-pairs.js';
import { mergeWeights } from './merge.js';
import type { RunFolder } from './run-folder.js';
import { type TrainingExample, trainingExampleSchema } from './training-example.js';
import { tuningCard } from './tuning-card.js';
import type { TuningSettings } from './tuning-settings.js';

/** Fewer pairs than this teach a model more about their wording than about the documents. */
const FEWEST_PAIRS = 200;

/** Fewer development questions cannot tell a better model from a lucky one. */
const FEWEST_QUESTIONS = 30;

/** Shares of the tuned weights in the merged models. */
const MERGED_SHARES = [0.7];

export interface TuneRequest {
  /** The index that answers; its documents are what is learnt. */
  readonly index: Index;
  /** Folders of the model that answers at the moment, and of the one that training starts from. */
  readonly inUse: string;
  readonly base: string;
  readonly run: RunFolder;
  readonly samples: number;
  readonly settings: TuningSettings;
  /** The team's own questions; they judge, and are never trained on. */
  readonly questions: EvaluationSet | null;
  /** Questions about everything else: what must not be forgotten. */
  readonly general: EvaluationSet;
}

export interface TuneTools {
  /** The encoder of a model folder. */
  readonly openEncoder: (folder: string) => Promise<Encoder>;
  readonly now: () => number;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly onProgress: (progress: TuneProgress) => void;
}

export interface TuneProgress {
  readonly stage: 'reading' | 'pairs' | 'negatives' | 'training' | 'judging';
  readonly done: number;
  readonly total: number;
  /** For people: loss and speed, or what is being encoded. */
  readonly detail: string;
}

export interface Prepared {
  readonly examples: readonly TrainingExample[];
  readonly development: EvaluationSet;
}

export interface TuneOutcome {
  readonly examples: readonly TrainingExample[];
  readonly sets: readonly NamedSet[];
  readonly judged: readonly JudgedCandidate[];
  /** The one to publish; undefined: none is better. */
  readonly chosen: JudgedCandidate | undefined;
  readonly training: { readonly steps: number; readonly tokens: number; readonly seconds: number };
}

/**
 * Everything up to the verdict. Each stage is kept in the run's folder: the same request after a stop or a crash goes on where it was, and
 * ends with the same models. Rejects with `training_declined` when the documents give too little to learn from.
 */
export async function tune(request: TuneRequest, tools: TuneTools): Promise<TuneOutcome> {
  const { run, questions, general, settings } = request;
  const { examples, development } = await prepare(request, tools);
  const training = await trainOnce(request, examples, tools);
  const candidates = [{ label: 'tuned', folder: run.at('tuned') }, ...(await mergeOnce(request))];
  const sets: NamedSet[] = [
    { name: 'held-out documents', set: development, general: false },
    ...(questions === null
      ? []
      : [{ name: 'your questions', set: drawPassages(questions, settings.seed), general: false }]),
    { name: 'general questions', set: general, general: true },
  ];
  const { openEncoder, now, signal, log, onProgress } = tools;
  const judged = await judgeCandidates(request.inUse, candidates, sets, {
    folder: run.at('judging'),
    openEncoder,
    now,
    signal,
    log,
    onProgress: ({ label, done, total }) => onProgress({ stage: 'judging', done, total, detail: label }),
  });
  return { examples, sets, judged, chosen: chooseCandidate(judged, sets), training };
}

const judgedSchema = z.array(z.tuple([z.string(), z.number()]));
const preparedSchema = z.object({
  examples: z.array(trainingExampleSchema),
  development: z.object({
    corpus: z.array(z.object({ id: z.string(), title: z.string(), text: z.string() })),
    questions: z.array(
      z.object({ id: z.string(), text: z.string(), type: z.string(), judged: judgedSchema }),
    ),
  }),
});

/** Examples with their hard negatives, and the questions of held-out documents. Made once a run, so that a change of the documents changes nothing. */
export async function prepare(request: TuneRequest, tools: TuneTools): Promise<Prepared> {
  const { examples, development } = await request.run.keep('prepared.json', preparedSchema, async () => {
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
    };
  });
  return {
    examples,
    development: {
      corpus: development.corpus,
      questions: development.questions.map((question) => ({ ...question, judged: new Map(question.judged) })),
    },
  };
}

async function make(request: TuneRequest, tools: TuneTools): Promise<Prepared> {
  const { index, samples, settings, inUse } = request;
  const { signal, onProgress } = tools;
  onProgress({ stage: 'reading', done: 0, total: 1, detail: 'documents' });
  const corpus = await readCorpus(index, { signal });
  onProgress({ stage: 'pairs', done: 0, total: samples, detail: `${corpus.chunks.length} passages` });
  const pairs = makePairs(corpus, { samples, seed: settings.seed, signal });
  requireEnough(pairs, corpus);
  const encoder = await tools.openEncoder(inUse);
  try {
    const examples = await mineHardNegatives(pairs.training, corpus, encoder, {
      signal,
      onProgress: (done, total) => onProgress({ stage: 'negatives', done, total, detail: '' }),
    });
    return { examples, development: developmentSet(corpus, pairs.development, settings.seed) };
  } finally {
    await encoder.close();
  }
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

const trainingSchema = z.object({ steps: z.number(), tokens: z.number(), seconds: z.number() });

async function trainOnce(
  { run, base, settings }: TuneRequest,
  examples: readonly TrainingExample[],
  { now, signal, log, onProgress }: TuneTools,
): Promise<TuneOutcome['training']> {
  return run.keep('trained.json', trainingSchema, async () => {
    const { weights, report } = await fineTune({
      folder: base,
      examples,
      settings,
      checkpoints: run.at('checkpoints'),
      now,
      signal,
      log,
      onProgress: ({ step, steps, loss, accuracy, tokensPerSecond, secondsLeft }) =>
        onProgress({
          stage: 'training',
          done: step,
          total: steps,
          detail:
            `loss ${loss.toFixed(3)}, ${(100 * accuracy).toFixed(0)} % right, ${tokensPerSecond.toFixed(0)} tokens/s, ` +
            `${Math.ceil(secondsLeft / 60)} min left`,
        }),
    });
    await writeModelLike(base, run.at('tuned'), { ...(await namesOf(run, base)), weights });
    await rm(run.at('checkpoints'), { recursive: true, force: true });
    const { steps, tokens, seconds } = report;
    return { steps, tokens, seconds };
  });
}

async function mergeOnce({ run, base }: TuneRequest): Promise<Candidate[]> {
  const candidates: Candidate[] = [];
  for (const share of MERGED_SHARES) {
    const name = `merged-${Math.round(100 * share)}`;
    const folder = run.at(name);
    await run.keep(`${name}.json`, z.literal(true), async () => {
      const { weights: before } = await readModelWeights(base);
      const { weights: after } = await readModelWeights(run.at('tuned'));
      const weights = mergeWeights(before, after, share);
      await writeModelLike(base, folder, { ...(await namesOf(run, base)), weights });
      return true as const;
    });
    candidates.push({ label: `merged, ${Math.round(100 * share)} % tuned`, folder });
  }
  return candidates;
}

/** What tells a model of this run from the one it was tuned from. */
async function namesOf(
  run: RunFolder,
  base: string,
): Promise<Pick<ModelContent, 'name' | 'base' | 'source'>> {
  const manifest = await readManifest(base);
  return { name: run.name, base: manifest.base ?? manifest.name, source: 'tuned here' };
}

/** Writes the model of the folder `like` anew as `to`, with what `change` names in place of its own. */
async function writeModelLike(like: string, to: string, change: Partial<ModelContent>): Promise<void> {
  const { name, base, licence, source, pooling, queryPrefix, passagePrefix, maxTokens } =
    await readManifest(like);
  await writeModelFolder(to, {
    ...{ name, base, licence, source },
    ...(await readModelWeights(like)),
    traits: { pooling, queryPrefix, passagePrefix, maxTokens },
    tokenizer: await readFile(join(like, 'tokenizer.json')),
    ...change,
  });
}

/** Puts the chosen model among the others, in place of what a run that was killed left of it. */
export async function publishModel({ folder }: Candidate, to: string, tuning: TuningRecord): Promise<void> {
  await writeModelLike(folder, to, { card: tuningCard(tuning), tuning });
}

/** Changes with everything a run depends on but the documents: the same request is the same run. */
export function runKey(parts: {
  readonly base: string;
  /** Id of the encoder in use. */
  readonly inUse: string;
  readonly samples: number;
  readonly settings: TuningSettings;
  readonly questions: EvaluationSet | null;
}): string {
  const { questions, ...rest } = parts;
  const asked = questions?.questions.map(({ text, judged }) => [text, ...judged]);
  return createHash('sha256')
    .update(JSON.stringify([rest, asked]))
    .digest('hex');
}
