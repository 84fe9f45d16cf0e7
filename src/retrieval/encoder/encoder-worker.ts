// The worker thread that tokenises and runs the model, one batch after the other, questions first and together.
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Batch, planBatches } from './encode-batches.js';
import type { FromWorker, ToWorker, WorkerSettings } from './encoder-messages.js';
import { openTokenizer } from './text-tokenizer.js';

/** A question's texts that run together with those of others that wait: more would only make the first of them wait longer. */
const MOST_TEXTS_TOGETHER = 16;

interface Job {
  readonly id: number;
  readonly kind: 'query' | 'passage';
  readonly texts: readonly string[];
  readonly vectors: Float32Array;
}

/** A text of a job, as tokens. */
interface Tokens {
  readonly job: Job;
  /** Its place in the job. */
  readonly at: number;
  readonly ids: readonly number[];
}

/** Jobs that run together, and what is left of them. */
interface Turn {
  readonly jobs: readonly Job[];
  readonly texts: readonly Tokens[];
  readonly batches: Batch[];
}

const { tokenizer: tokenizerPath, model, dimensions, traits, threads } = workerData as WorkerSettings;
const say = (message: FromWorker) => parentPort?.postMessage(message);

const tokenizer = openTokenizer(await readFile(tokenizerPath, 'utf8'), traits.maxTokens);
const session = await InferenceSession.create(model, {
  graphOptimizationLevel: 'all',
  intraOpNumThreads: threads,
  // Threads that have nothing to do sleep: spinning gains a little on an idle machine and starves the rest on a busy one.
  extra: { session: { intra_op: { allow_spinning: '0' } } },
});

const waiting: Job[] = [];
/** Turns under way: one of passages, and before it one of questions. */
const turns: Turn[] = [];
let running = false;
let closing = false;

async function runBatch({ texts, length }: Batch, all: readonly Tokens[]): Promise<void> {
  const shape = [texts.length, length];
  const tokens = new BigInt64Array(texts.length * length);
  const mask = new BigInt64Array(texts.length * length);
  texts.forEach((text, row) => {
    all[text]?.ids.forEach((id, at) => {
      tokens[row * length + at] = BigInt(id);
      mask[row * length + at] = 1n;
    });
  });
  const feeds = {
    input_ids: new Tensor('int64', tokens, shape),
    attention_mask: new Tensor('int64', mask, shape),
  };
  const { sentence_embedding: found } = await session.run(feeds, ['sentence_embedding']);
  const values = found?.data;
  if (
    !(values instanceof Float32Array) ||
    values.length !== texts.length * dimensions ||
    !values.every(Number.isFinite)
  )
    throw new Error('the model gave no vectors of the expected size');
  texts.forEach((text, row) => {
    const { job, at } = all[text] as Tokens;
    job.vectors.set(values.subarray(row * dimensions, (row + 1) * dimensions), at * dimensions);
  });
}

/** Tokenises a job when its turn comes, so that a long list of jobs does not hold up a question. */
function tokenise(job: Job): Tokens[] {
  const prefix = job.kind === 'query' ? traits.queryPrefix : traits.passagePrefix;
  return job.texts.map((text, at) => ({ job, at, ids: tokenizer.encode(prefix + text) }));
}

/** Takes the jobs that run next: the first questions that wait, or one of passages when there is none. */
function takeNext(): Job[] {
  const questions = waiting.filter(({ kind }) => kind === 'query');
  let texts = 0;
  const together = questions.filter((job, at) => {
    texts += job.texts.length;
    return at === 0 || texts <= MOST_TEXTS_TOGETHER;
  });
  const next = together.length > 0 ? together : waiting.slice(0, 1);
  for (const job of next) waiting.splice(waiting.indexOf(job), 1);
  return next;
}

function beginTurn(jobs: readonly Job[]): void {
  const texts: Tokens[] = [];
  const turn: Turn = { jobs, texts, batches: [] };
  // First in the list, so that a job that cannot be tokenised is the one that fails.
  turns.unshift(turn);
  for (const job of jobs) texts.push(...tokenise(job));
  turn.batches.push(...planBatches(texts.map(({ ids }) => ids.length)));
}

/** One batch. Questions begin at once, before the passages that are under way. */
async function advance(): Promise<void> {
  const isAskedFor = waiting.some(({ kind }) => kind === 'query');
  if (turns.length === 0 || (isAskedFor && turns[0]?.jobs[0]?.kind === 'passage')) beginTurn(takeNext());
  const turn = turns[0];
  const batch = turn?.batches.shift();
  if (turn !== undefined && batch !== undefined) await runBatch(batch, turn.texts);
  if (turn === undefined || turn.batches.length > 0) return;
  turns.shift();
  for (const { id, vectors } of turn.jobs) say({ say: 'encoded', id, vectors });
}

/** A copy that surely passes to the main thread: of an error, only what every error has does. */
function asError(thrown: unknown): Error {
  if (!(thrown instanceof Error)) return new Error(`The model threw a ${typeof thrown}.`);
  const copy = new Error(thrown.message);
  copy.name = thrown.name;
  if (thrown.stack !== undefined) copy.stack = thrown.stack;
  return copy;
}

async function run(): Promise<void> {
  if (running) return;
  running = true;
  for (;;) {
    if ((waiting.length === 0 && turns.length === 0) || closing) break;
    try {
      await advance();
    } catch (error) {
      for (const { id } of turns.shift()?.jobs ?? []) say({ say: 'failed', id, error: asError(error) });
    }
    // Lets messages in: a question that came during the batch goes next.
    await new Promise((resolve) => setImmediate(resolve));
  }
  running = false;
  if (closing) {
    await session.release();
    parentPort?.close();
  }
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.say === 'close') closing = true;
  else {
    const { id, kind, texts } = message;
    waiting.push({ id, kind, texts, vectors: new Float32Array(texts.length * dimensions) });
  }
  void run();
});
say({ say: 'ready' });
