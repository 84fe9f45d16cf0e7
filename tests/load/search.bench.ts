// How long a search takes in a large index, encoder included: alone, and with twenty questions at once.
//
// npm run bench:search -- [--passages N] [--data DIR] [--encoder NAME] [--rounds N]
//
// DIR holds docs/ and ord-qa/. The model is read from the folder that CHIPWRIGHT_DATA names. CHIPWRIGHT_BENCH_INDEX may name an index
// file made with the same model, whose passages are used without encoding any. The filled index is kept in the folder for temporary files.
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync } from 'node:fs';
import { rename, rm, stat } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { openEncoder } from '../../src/retrieval/encoder/onnx-encoder.js';
import { rememberQuestions } from '../../src/retrieval/encoder/question-cache.js';
import { HybridRetriever } from '../../src/retrieval/hybrid-retriever.js';
import type { Index, IndexedDocument } from '../../src/retrieval/index-port.js';
import { openSqliteIndex } from '../../src/retrieval/sqlite-index.js';
import { ask, quantile } from './search/asking.js';
import { withNeighbours } from './search/neighbours.js';
import { questions, realPassages } from './search/real-passages.js';

const AT_ONCE = 20;

const DOCUMENTS_A_PUT = 200;

const { values: options } = parseArgs({
  options: {
    passages: { type: 'string', default: '67000' },
    data: { type: 'string', default: '../shared/data' },
    encoder: { type: 'string', default: 'bge-small-en-v1.5' },
    rounds: { type: 'string', default: '3' },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);
const note = (line: string) => process.stderr.write(`${line}\n`);
const log = pino({ level: 'silent' });

/** Milliseconds by stage, one number a question. */
type Stages = Map<string, number[]>;

/** The index file, filled if it is not there yet. */
async function filledIndex(encoder: Encoder, passages: number): Promise<string> {
  const folder = join(tmpdir(), 'chipwright-bench');
  mkdirSync(folder, { recursive: true });
  const indexFile = process.env.CHIPWRIGHT_BENCH_INDEX;
  const key = createHash('sha256')
    .update(JSON.stringify([encoder.id, passages, indexFile ?? options.data]))
    .digest('hex');
  const file = join(folder, `search-${key.slice(0, 12)}.sqlite`);
  if (existsSync(file)) return file;
  note(`filling ${file}; next time it is there`);
  const random = seededRandom(67);
  const real = await realPassages({ indexFile, data: options.data }, encoder, random, log);
  const draft = `${file}.draft`;
  for (const ending of ['', '-wal', '-shm']) await rm(`${draft}${ending}`, { force: true });
  const index = openSqliteIndex(draft, { encoder });
  let batch: IndexedDocument[] = [];
  let stored = 0;
  const store = async () => {
    await index.put(batch);
    stored += batch.reduce((sum, { chunks }) => sum + chunks.length, 0);
    batch = [];
    note(`${stored} of ${passages} passages`);
  };
  for (const document of withNeighbours(real, passages, random)) {
    batch.push(document);
    if (batch.length >= DOCUMENTS_A_PUT) await store();
  }
  await store();
  await index.close();
  await rename(draft, file);
  return file;
}

/** The part's methods `names`, each with its time written down. */
function timed<T extends object>(part: T, names: readonly (keyof T & string)[], stages: Stages): T {
  return new Proxy(part, {
    get(target, name) {
      const value = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      if (!names.some((one) => one === name)) return value.bind(target);
      return async (...args: unknown[]) => {
        const started = performance.now();
        try {
          return await value.apply(target, args);
        } finally {
          const times = stages.get(String(name)) ?? [];
          stages.set(String(name), times);
          times.push(performance.now() - started);
        }
      };
    },
  });
}

function row(label: string, times: readonly number[]): string {
  const sorted = [...times].sort((a, b) => a - b);
  const shown = [quantile(sorted, 0.5), quantile(sorted, 0.95), quantile(sorted, 0.99), sorted.at(-1) ?? 0];
  return `${label.padEnd(26)}${shown.map((ms) => ms.toFixed(1).padStart(9)).join('')}`;
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1_000_000)} MB`;

async function measure(
  label: string,
  parts: { index: Index; encoder: Encoder },
  asked: readonly string[],
  atOnce: number,
): Promise<void> {
  const stages: Stages = new Map();
  const retriever = new HybridRetriever({
    encoder: timed(parts.encoder, ['encode'], stages),
    index: timed(parts.index, ['dense', 'lexical', 'passages', 'stretches', 'describe'], stages),
    now: () => performance.now(),
  });
  await ask(retriever, asked.slice(0, 5), 1);
  stages.clear();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  delay.enable();
  const cpu = process.cpuUsage();
  const started = performance.now();
  const { times } = await ask(retriever, asked, atOnce);
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(cpu);
  delay.disable();
  say(row(label, times));
  for (const [stage, stageTimes] of stages) say(row(`  ${stage}`, stageTimes));
  const [wait99 = 0, longest = 0] = [delay.percentile(99), delay.max].map((ns) => ns / 1e6);
  say(
    `  ${(times.length / seconds).toFixed(1)} questions a second, ${((user + system) / 1000 / times.length).toFixed(0)} ms of processor time each; ` +
      `the event loop was held up ${wait99.toFixed(1)} ms (p99), ${longest.toFixed(1)} ms at most`,
  );
}

const encoder = await openEncoder(join(process.env.CHIPWRIGHT_DATA ?? './data', 'models', options.encoder), {
  log,
});
const file = await filledIndex(encoder, Number(options.passages));
const memoryBefore = process.memoryUsage.rss();
const started = performance.now();
const index = openSqliteIndex(file, { encoder });
const opening = performance.now() - started;
const { documents, chunks } = await index.describe();
const asked = await questions(options.data, seededRandom(90));
const rounds = Array.from({ length: Number(options.rounds) }, () => asked).flat();

const [processor] = cpus();
say(
  `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${processor?.model}`,
);
say(
  `load of the machine before: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
);
say(
  `${chunks} passages in ${documents} documents, ${megabytes((await stat(file)).size)} on disk, ${encoder.name}`,
);
say(`opened in ${opening.toFixed(0)} ms`);
say(`${rounds.length} questions, milliseconds`);
say(`${''.padEnd(26)}${['p50', 'p95', 'p99', 'most'].map((title) => title.padStart(9)).join('')}`);
await measure('one at a time', { index, encoder }, rounds, 1);
await measure(`${AT_ONCE} at once`, { index, encoder }, rounds, AT_ONCE);
const remembering = rememberQuestions(encoder);
await ask(new HybridRetriever({ index, encoder: remembering, now: () => performance.now() }), asked, 1);
await measure('asked before', { index, encoder: remembering }, rounds, 1);
say(`memory: ${megabytes(memoryBefore)} with the model, ${megabytes(process.memoryUsage.rss())} at the end`);
await index.close();
await encoder.close();
