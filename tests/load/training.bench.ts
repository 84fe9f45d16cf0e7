// How fast a training step is (forward and backward, fp32), against PyTorch with the same model, batch and threads.
//
// npm run bench:training -- [--rounds N] [--threads N]
//
// The models are those in the folder CHIPWRIGHT_TEST_MODELS names, or in models/ of CHIPWRIGHT_DATA. PyTorch takes part when
// CHIPWRIGHT_BENCH_PYTHON, or else python3, has torch, transformers and safetensors. The two take turns, so that what else the
// machine does strikes both. On a busy machine only processor time means something, and that with --threads 1: PyTorch's threads
// burn it while they wait for each other.
import { existsSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { KNOWN_MODELS } from '../../src/retrieval/encoder/model-catalogue.js';
import { readManifest, readModelWeights } from '../../src/retrieval/encoder/model-folder.js';
import { openTrainingModel } from '../../src/training/bert-training-model.js';
import type { Gradients } from '../../src/training/training-model.js';
import { openPyTorch } from './training/pytorch.js';

const TEXTS = 16;
const LENGTH = 128;
/** Texts a run: as the trainer cuts a batch up, and the whole batch at once. */
const PER_RUN = [4, TEXTS];
/** PyTorch's idle threads spin for a while after a step; the other side must not pay for that. */
const PAUSE_MS = 500;

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: '5' },
    threads: { type: 'string', default: String(availableParallelism()) },
  },
});
const rounds = Number(options.rounds);
const threads = Number(options.threads);
const models = process.env.CHIPWRIGHT_TEST_MODELS ?? join(process.env.CHIPWRIGHT_DATA ?? './data', 'models');
const python = process.env.CHIPWRIGHT_BENCH_PYTHON ?? 'python3';

const say = (line: string) => process.stdout.write(`${line}\n`);
const median = (values: readonly number[]) =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
const speed = (ms: number) => Math.round((TEXTS * LENGTH * 1000) / ms).toLocaleString('en');

/** How long a step over all texts took: milliseconds on the clock, and of processor time. */
interface Cost {
  readonly ms: number;
  readonly cpu: number;
}

/** One side of the comparison. */
interface Side {
  readonly name: string;
  readonly perRun: number;
  readonly costs: Cost[];
  step(): Promise<Cost>;
}

async function compare(name: string): Promise<void> {
  const folder = join(models, name);
  if (!existsSync(join(folder, 'manifest.json'))) {
    say(`${name}: not in ${models}`);
    return;
  }
  const { pooling } = await readManifest(folder);
  const { config, weights } = await readModelWeights(folder);
  const batch = Array.from({ length: TEXTS }, (_, text) =>
    Array.from({ length: LENGTH }, (_, at) => 1000 + ((text * 7919 + at * 104_729) % 20_000)),
  );
  const towards = Float32Array.from({ length: TEXTS * config.hidden_size }, (_, at) => Math.sin(at));
  const ours = await openTrainingModel({ config, weights, pooling, threads });
  const torch = await openPyTorch(python, { folder, pooling }, threads, batch);
  const sums: Gradients = { dense: new Map(), words: new Map() };

  const sides: Side[] = PER_RUN.flatMap((perRun) => [
    {
      name: 'Chipwright',
      perRun,
      costs: [],
      async step() {
        const start = performance.now();
        const before = process.cpuUsage();
        for (let at = 0; at < TEXTS; at += perRun) {
          const part = towards.subarray(at * config.hidden_size, (at + perRun) * config.hidden_size);
          await ours.backward(batch.slice(at, at + perRun), part, sums);
        }
        const { user, system } = process.cpuUsage(before);
        return { ms: performance.now() - start, cpu: (user + system) / 1000 };
      },
    },
    ...(torch === null ? [] : [{ name: 'PyTorch', perRun, costs: [], step: () => torch.step(perRun) }]),
  ]);
  if (torch !== null) {
    const { vector } = await torch.step(TEXTS);
    const own = await ours.embed(batch.slice(0, 1));
    const apart = Math.max(...vector.map((value, at) => Math.abs(value - (own[at] ?? 0))));
    if (!(apart < 1e-4)) throw new Error(`${name}: the two do not compute the same vectors`);
  }
  // The first round warms up and does not count.
  for (let round = 0; round <= rounds; round++)
    for (const side of sides) {
      const cost = await side.step();
      if (round > 0) side.costs.push(cost);
      await setTimeout(PAUSE_MS);
    }
  await ours.close();
  await torch?.close();

  for (const perRun of PER_RUN) {
    const [own, other] = ['Chipwright', 'PyTorch'].map((who) =>
      sides.find((side) => side.name === who && side.perRun === perRun),
    );
    const cells = (['ms', 'cpu'] as const).flatMap((kind) => {
      const [mine, theirs] = [own, other].map((side) => median(side?.costs.map((cost) => cost[kind]) ?? []));
      if (mine === undefined || theirs === undefined) return [];
      return Number.isNaN(theirs)
        ? [speed(mine), 'PyTorch not installed', '']
        : [speed(mine), speed(theirs), (theirs / mine).toFixed(2)];
    });
    say(`| ${name} | ${perRun} x ${LENGTH} | ${cells.join(' | ')} |`);
  }
}

say(
  `Tokens a second of a training step over ${TEXTS} x ${LENGTH} tokens, fp32, ${threads} threads, median of ${rounds}:`,
);
say('first on the clock, then by processor time (all threads). "A run" is what passes the model at once.');
say('');
say('| model | a run | Chipwright | PyTorch | times | Chipwright, cpu | PyTorch, cpu | times |');
say('|---|---|---|---|---|---|---|---|');
for (const { name } of KNOWN_MODELS) await compare(name);
