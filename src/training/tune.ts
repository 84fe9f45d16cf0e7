// Tuning from end to end: pairs out of the index, training, merging, the gate. What is published, the caller decides by the verdict.
import { createHash } from 'node:crypto';
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import type { EvaluationSet } from '../evaluation/data-set.js';
import {
  type ModelContent,
  readManifest,
  readModelWeights,
  writeModelFolder,
} from '../retrieval/encoder/model-folder.js';
import type { TuningRecord } from '../retrieval/encoder/tuning-record.js';
import {
  type Candidate,
  chooseCandidate,
  type JudgedCandidate,
  judgeCandidates,
  type NamedSet,
} from './candidates.js';
import { drawPassages } from './development-set.js';
import { fineTune } from './fine-tune.js';
import { mergeWeights } from './merge.js';
import { type PrepareRequest, prepare, type TuneTools, type Written } from './prepare.js';
import type { RunFolder } from './run-folder.js';
import type { TrainingExample } from './training-example.js';
import { tuningCard } from './tuning-card.js';
import type { TuningSettings } from './tuning-settings.js';

/** Share of the tuned weights in the merged model. */
const MERGED_SHARE = 0.7;

/** The same for a model that is only made when the others do not pass: it learns less, and forgets less. */
const CAUTIOUS_SHARE = 0.4;

export interface TuneRequest extends PrepareRequest {
  /** Folder of the model that training starts from. */
  readonly base: string;
  /** Questions about everything else: what must not be forgotten. */
  readonly general: EvaluationSet;
}

export interface TuneOutcome {
  readonly examples: readonly TrainingExample[];
  readonly written: Written | undefined;
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
  const { examples, development, written } = await prepare(request, tools);
  const training = await trainOnce(request, examples, tools);
  const sets: NamedSet[] = [
    { name: 'held-out documents', set: development, general: false },
    ...(questions === null
      ? []
      : [{ name: 'your questions', set: drawPassages(questions, settings.seed), general: false }]),
    { name: 'general questions', set: general, general: true },
  ];
  const { openEncoder, now, signal, log, onProgress } = tools;
  const judge = (...candidates: readonly Candidate[]) =>
    judgeCandidates(request.inUse, candidates, sets, {
      folder: run.at('judging'),
      openEncoder,
      now,
      signal,
      log,
      onProgress: ({ label, done, total }) => onProgress({ stage: 'judging', done, total, detail: label }),
    });
  const tuned = { label: 'tuned', folder: run.at('tuned') };
  const judged = await judge(tuned, await mergeOnce(request, MERGED_SHARE));
  if (chooseCandidate(judged, sets) === undefined)
    judged.push(...(await judge(await mergeOnce(request, CAUTIOUS_SHARE))));
  return { examples, written, sets, judged, chosen: chooseCandidate(judged, sets), training };
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

async function mergeOnce({ run, base }: TuneRequest, share: number): Promise<Candidate> {
  const name = `merged-${Math.round(100 * share)}`;
  const folder = run.at(name);
  await run.keep(`${name}.json`, z.literal(true), async () => {
    const { weights: before } = await readModelWeights(base);
    const { weights: after } = await readModelWeights(run.at('tuned'));
    const weights = mergeWeights(before, after, share);
    await writeModelLike(base, folder, { ...(await namesOf(run, base)), weights });
    return true as const;
  });
  return { label: `merged, ${Math.round(100 * share)} %`, folder };
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

/** Changes with everything a run depends on but the documents and the model in use: the same request is the same run. */
export function runKey(parts: {
  readonly base: string;
  readonly samples: number;
  readonly settings: TuningSettings;
  readonly questions: EvaluationSet | null;
  /** Who writes questions, and how many requests it is sent; undefined for none. */
  readonly writer?: { readonly model: string; readonly requests: number } | undefined;
}): string {
  const { questions, ...rest } = parts;
  const asked = questions?.questions.map(({ text, judged }) => [text, ...judged]);
  return createHash('sha256')
    .update(JSON.stringify([rest, asked]))
    .digest('hex');
}
