// A base model folder and examples in, tuned weights out.
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import type { BertWeights } from '../retrieval/encoder/bert-weights.js';
import { readManifest, readModelWeights } from '../retrieval/encoder/model-folder.js';
import { openTokenizer } from '../retrieval/encoder/text-tokenizer.js';
import type { ExampleTokenizer } from './batches.js';
import { openTrainingModel } from './bert-training-model.js';
import { type TrainingReport, type TrainingRun, train } from './trainer.js';
import type { TrainingModel } from './training-model.js';

export interface FineTuning
  extends Pick<TrainingRun, 'examples' | 'settings' | 'checkpoints' | 'now' | 'signal' | 'onProgress'> {
  /** The base model's; only read. */
  readonly folder: string;
  readonly log?: Logger;
}

/**
 * Trains the model in `folder` on the examples, with the model's own prefixes. It goes on from the checkpoint of a run that was stopped
 * or killed. The caller writes the new model's folder, and then removes `checkpoints`. It keeps two cores and some gigabyte of memory
 * busy: run it in a process of its own. Throws `model_missing` or `model_corrupt`, and what `train` throws.
 */
export async function fineTune(
  tuning: FineTuning,
): Promise<{ weights: BertWeights; report: TrainingReport }> {
  const { folder, log, ...run } = tuning;
  const tokenizer = await openExampleTokenizer(folder, run.settings);
  const model = await openModel(folder, run.settings.threads);
  try {
    const report = await train({ ...run, model, tokenizer });
    const { steps, seconds, tokens, resumedAt, refusedCheckpoint, spent } = report;
    if (refusedCheckpoint !== null) log?.warn({ reason: refusedCheckpoint }, 'checkpoint not used');
    log?.info({ steps, seconds, tokens, resumedAt, spent }, 'trained');
    return { weights: model.parameters, report };
  } finally {
    await model.close();
  }
}

/** A function of its own, so that the weights as read are let go of: the model has copies. */
async function openModel(folder: string, threads: number): Promise<TrainingModel> {
  const { config, weights } = await readModelWeights(folder);
  const { pooling } = await readManifest(folder);
  return openTrainingModel({ config, weights, pooling, threads });
}

async function openExampleTokenizer(
  folder: string,
  limits: { readonly questionTokens: number; readonly passageTokens: number },
): Promise<ExampleTokenizer> {
  const { queryPrefix, passagePrefix, maxTokens } = await readManifest(folder);
  const json = await readFile(join(folder, 'tokenizer.json'), 'utf8');
  const questions = openTokenizer(json, Math.min(limits.questionTokens, maxTokens));
  const passages = openTokenizer(json, Math.min(limits.passageTokens, maxTokens));
  return {
    question: (text) => questions.encode(queryPrefix + text),
    passage: (text) => passages.encode(passagePrefix + text),
  };
}
