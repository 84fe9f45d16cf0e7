// The training loop: step by step through the examples, with progress, checkpoints and a report.
import { batchesPerEpoch, drawEpoch, type ExampleBatch } from './batches.js';
import { resume, type TrainingState, writeCheckpoint } from './checkpoint.js';
import { addGradient, type Learner } from './gradient-cache.js';
import { AdamW } from './optimiser.js';
import { runDigest } from './run-digest.js';
import { learningRate } from './schedule.js';
import { Stopwatch, type Work } from './stopwatch.js';
import type { TrainingExample } from './training-example.js';
import type { Gradients } from './training-model.js';

/** The learner's weights are changed in place. */
export interface TrainingRun extends Learner {
  readonly examples: readonly TrainingExample[];
  /** Folder of the checkpoint; made when absent. */
  readonly checkpoints: string;
  /** Milliseconds; for the report and the time left. */
  readonly now: () => number;
  /** Stops the run after the step it is in. */
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: TrainingProgress) => void;
}

export interface TrainingProgress {
  /** Steps done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly tokensPerSecond: number;
  readonly secondsLeft: number;
}

export interface TrainingReport {
  readonly steps: number;
  /** Loss and accuracy of each step's batch, before it changed the weights. */
  readonly curve: TrainingState['curve'];
  /** Tokens read, without padding, and seconds taken: of all runs together when this one was resumed. */
  readonly tokens: number;
  readonly seconds: number;
  /** Steps that a checkpoint had done already. */
  readonly resumedAt: number;
  /** Why the checkpoint that was there was not used; null when it was, or there was none. */
  readonly refusedCheckpoint: string | null;
  /** Seconds of this run alone, by what they went into. */
  readonly spent: Readonly<Record<Work, number>>;
}

/**
 * Trains on the examples, from the checkpoint when there is one of this very run. Same seed, settings, examples and weights give the same
 * weights, interrupted or not. When `signal` fires, a checkpoint is written after the step and the promise rejects with its reason.
 * The last checkpoint stays, so that nothing is lost before the outcome is published: remove the folder then.
 * Throws `model_corrupt` when the gradient is not a number any more, `internal` when a checkpoint cannot be written.
 */
export async function train(training: TrainingRun): Promise<TrainingReport> {
  const { model, examples, settings, checkpoints, signal } = training;
  const watch = new Stopwatch(training.now);
  const run = runDigest(model.parameters, settings, examples);
  const optimiser = new AdamW(model.parameters);
  const weights = [...model.parameters].map(([name, { values }]) => [name, values] as const);
  const arrays = new Map([...weights, ...optimiser.moments]);
  const resumption = await resume(checkpoints, run, arrays);
  const before: TrainingState =
    resumption.found === 'state' ? resumption.state : { run, step: 0, seconds: 0, tokens: 0, curve: [] };
  watch.was('checkpoint');

  const perEpoch = batchesPerEpoch(examples.length, settings.batchSize);
  const steps = perEpoch * settings.epochs;
  const gradients: Gradients = { dense: new Map(), words: new Map() };
  const curve = [...before.curve];
  let tokens = before.tokens;
  let batches: ExampleBatch[] = [];

  signal?.throwIfAborted();
  for (let done = before.step; done < steps; ) {
    if (batches.length === 0 || done % perEpoch === 0)
      batches = drawEpoch(examples, Math.floor(done / perEpoch), settings);
    const result = await addGradient(batches[done % perEpoch] as ExampleBatch, training, gradients, watch);
    done++;
    optimiser.step(gradients, learningRate(done, steps, settings.learningRate), done);
    clear(gradients);
    watch.was('optimiser');

    const { loss, accuracy } = result;
    curve.push({ loss, accuracy });
    tokens += result.tokens;
    training.onProgress?.({
      step: done,
      steps,
      loss,
      accuracy,
      tokensPerSecond: (tokens - before.tokens) / watch.total,
      secondsLeft: (watch.total / (done - before.step)) * (steps - done),
    });
    watch.was('rest');
    if (done % settings.checkpointEvery === 0 || done === steps || signal?.aborted) {
      const seconds = before.seconds + watch.total;
      await writeCheckpoint(checkpoints, { run, step: done, seconds, tokens, curve }, arrays);
      watch.was('checkpoint');
    }
    if (done < steps) signal?.throwIfAborted();
  }
  return {
    steps,
    curve,
    tokens,
    seconds: before.seconds + watch.total,
    resumedAt: before.step,
    refusedCheckpoint: resumption.found === 'refused' ? resumption.reason : null,
    spent: watch.spent,
  };
}

/** Ready for the next step. The large arrays stay: making them anew takes longer than emptying them. */
function clear({ dense, words }: Gradients): void {
  for (const gradient of dense.values()) gradient.fill(0);
  words.clear();
}
