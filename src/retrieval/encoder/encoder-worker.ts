// A worker thread that tokenises and runs the model, one batch after the other, passages last.
import { readFile } from 'node:fs/promises';
import { parentPort, workerData } from 'node:worker_threads';
import { InferenceSession, Tensor } from 'onnxruntime-node';
import { type Batch, planBatches } from './encode-batches.js';
import type { TextKind } from './encoder.js';
import type { FromWorker, ToWorker, WorkerSettings } from './encoder-messages.js';
import { openTokenizer } from './text-tokenizer.js';

interface Job {
  readonly id: number;
  readonly kind: TextKind;
  readonly texts: readonly string[];
  readonly vectors: Float32Array;
  /** Token ids per text and the batches still to run; null until the job's turn comes. */
  work: { readonly ids: readonly (readonly number[])[]; readonly batches: Batch[] } | null;
}

const settings = workerData as WorkerSettings;
const { dimensions, traits, threads } = settings;
const say = (message: FromWorker) => parentPort?.postMessage(message);

const tokenizer = openTokenizer(await readFile(settings.tokenizer, 'utf8'), traits.maxTokens);
const openGraph = (path: string) =>
  InferenceSession.create(path, {
    graphOptimizationLevel: 'all',
    intraOpNumThreads: threads,
    // Threads that have nothing to do sleep: spinning gains a little on an idle machine and starves the rest on a busy one.
    extra: { session: { intra_op: { allow_spinning: '0' } } },
  });

const quick = await openGraph(settings.quickGraph);
let exact: InferenceSession | null = settings.exactGraph === settings.quickGraph ? quick : null;

/** The graph for passages is opened when the first passage comes: a process that only answers never holds its weights. */
async function sessionFor(kind: TextKind): Promise<InferenceSession> {
  if (kind !== 'passage') return quick;
  exact ??= await openGraph(settings.exactGraph);
  return exact;
}

const jobs: Job[] = [];
let running = false;
let closing = false;

async function runBatch(batch: Batch, job: Job, ids: readonly (readonly number[])[]): Promise<void> {
  const { texts, length } = batch;
  const shape = [texts.length, length];
  const tokens = new BigInt64Array(texts.length * length);
  const mask = new BigInt64Array(texts.length * length);
  texts.forEach((text, row) => {
    ids[text]?.forEach((id, at) => {
      tokens[row * length + at] = BigInt(id);
      mask[row * length + at] = 1n;
    });
  });
  const feeds = {
    input_ids: new Tensor('int64', tokens, shape),
    attention_mask: new Tensor('int64', mask, shape),
  };
  const session = await sessionFor(job.kind);
  const { sentence_embedding: found } = await session.run(feeds, ['sentence_embedding']);
  const values = found?.data;
  if (
    !(values instanceof Float32Array) ||
    values.length !== texts.length * dimensions ||
    !values.every(Number.isFinite)
  )
    throw new Error('the model gave no vectors of the expected size');
  texts.forEach((text, row) => {
    job.vectors.set(values.subarray(row * dimensions, (row + 1) * dimensions), text * dimensions);
  });
}

/** One batch of one job. Tokenising waits for the job's turn, so that a long list of jobs does not hold up a question. */
async function advance(job: Job): Promise<void> {
  if (job.work === null) {
    const prefix = job.kind === 'query' ? traits.queryPrefix : traits.passagePrefix;
    const ids = job.texts.map((text) => tokenizer.encode(prefix + text));
    job.work = { ids, batches: planBatches(ids.map((list) => list.length)) };
  }
  const batch = job.work.batches.shift();
  if (batch !== undefined) await runBatch(batch, job, job.work.ids);
  if (job.work.batches.length > 0) return;
  jobs.splice(jobs.indexOf(job), 1);
  say({ say: 'encoded', id: job.id, vectors: job.vectors });
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
    const job = jobs.find(({ kind }) => kind !== 'passage') ?? jobs[0];
    if (job === undefined || closing) break;
    try {
      await advance(job);
    } catch (error) {
      jobs.splice(jobs.indexOf(job), 1);
      say({ say: 'failed', id: job.id, error: asError(error) });
    }
    // Lets messages in: a question that came during the batch goes next.
    await new Promise((resolve) => setImmediate(resolve));
  }
  running = false;
  if (closing) {
    for (const session of new Set([quick, exact])) await session?.release();
    parentPort?.close();
  }
}

parentPort?.on('message', (message: ToWorker) => {
  if (message.say === 'close') closing = true;
  else {
    const { id, kind, texts } = message;
    jobs.push({ id, kind, texts, vectors: new Float32Array(texts.length * dimensions), work: null });
  }
  void run();
});
say({ say: 'ready' });
