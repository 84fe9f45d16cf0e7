// What an index of many passages costs and how fast it is, on both engines: building, memory, disk, search, recall.
//
// npm run bench:index -- [--passages 10000,100000,300000] [--data DIR] [--encoder NAME] [--rounds N] [--plot FILE]
//                        [--server-pid PID] [--server-folder DIR]
//
// DIR holds docs/ and ord-qa/. The model is read from the folder that CHIPWRIGHT_DATA names; CHIPWRIGHT_BENCH_INDEX may name an index
// file made with it, whose passages are used without encoding any. QDRANT_URL names the server, and the two --server options say
// where its memory and its storage are, if it runs here; without QDRANT_URL a stand-in is measured, whose figures are not a server's.
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { cpus, loadavg, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs, promisify } from 'node:util';
import pino from 'pino';
import { seededRandom } from '../../src/evaluation/bootstrap.js';
import { clausesOf } from '../../src/retrieval/clauses.js';
import { STRAY_QUESTIONS } from '../../src/retrieval/confidence.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { openEncoder } from '../../src/retrieval/encoder/onnx-encoder.js';
import type { IndexedDocument } from '../../src/retrieval/index-port.js';
import { type Engine, openIndex, qdrantEngine, sqliteEngine } from './index/engine.js';
import { type Panel, plotOf } from './index/plot.js';
import { recallAt20 } from './index/recall.js';
import {
  AT_ONCE,
  type Latency,
  type SearchOrder,
  type SearchResult,
  searchResult,
} from './index/search-order.js';
import { withNeighbours } from './search/neighbours.js';
import { questions, realPassages } from './search/real-passages.js';

const DOCUMENTS_A_PUT = 50;

const { values: options } = parseArgs({
  options: {
    passages: { type: 'string', default: '10000,100000,300000' },
    data: { type: 'string', default: '../shared/data' },
    encoder: { type: 'string', default: 'bge-small-en-v1.5' },
    rounds: { type: 'string', default: '2' },
    plot: { type: 'string', default: 'index-bench.svg' },
    'server-pid': { type: 'string' },
    'server-folder': { type: 'string' },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);
const note = (line: string) => process.stderr.write(`${line}\n`);

interface Measured {
  readonly engine: string;
  readonly passages: number;
  readonly fillSeconds: number;
  readonly tidySeconds: number;
  readonly disk: ReadonlyMap<string, number> | undefined;
  readonly serverMemory: number | undefined;
  /** Of the server before the first passage came. */
  readonly emptyServerMemory: number | undefined;
  readonly search: SearchResult;
  readonly recall: number | undefined;
}

const seconds = async (work: () => Promise<void>): Promise<number> => {
  const started = performance.now();
  await work();
  return (performance.now() - started) / 1_000;
};

async function fill(engine: Engine, encoder: Encoder, real: readonly IndexedDocument[], passages: number) {
  const index = await openIndex(engine.place, encoder);
  let batch: IndexedDocument[] = [];
  let stored = 0;
  const store = async () => {
    if (batch.length === 0) return;
    await index.put(batch);
    stored += batch.reduce((sum, { chunks }) => sum + chunks.length, 0);
    batch = [];
    note(`${engine.name}: ${stored} of ${passages} passages`);
  };
  for (const document of withNeighbours(real, passages, seededRandom(67))) {
    batch.push(document);
    if (batch.length >= DOCUMENTS_A_PUT) await store();
  }
  await store();
  await index.close();
}

/** In a process of its own. */
async function search(order: SearchOrder): Promise<SearchResult> {
  const folder = await mkdtemp(join(tmpdir(), 'chipwright-index-bench-'));
  try {
    const file = join(folder, 'order.json');
    await writeFile(file, JSON.stringify(order));
    const program = join(import.meta.dirname, 'index/search-process.ts');
    const { stdout } = await promisify(execFile)(process.execPath, [
      '--expose-gc',
      '--import',
      'tsx',
      program,
      file,
    ]);
    return searchResult.parse(JSON.parse(stdout));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

const model = join(process.env.CHIPWRIGHT_DATA ?? './data', 'models', options.encoder);
const encoder = await openEncoder(model, { log: pino({ level: 'silent' }) });
const identity = { id: encoder.id, name: encoder.name, dimensions: encoder.dimensions };
const indexFile = process.env.CHIPWRIGHT_BENCH_INDEX;
const real = await realPassages(
  { indexFile, data: options.data },
  encoder,
  seededRandom(67),
  pino({ level: 'silent' }),
);
const asked = await questions(options.data, seededRandom(90));
const texts = [...new Set([...asked.flatMap((text) => [text, ...clausesOf(text)]), ...STRAY_QUESTIONS])];
const encoded = await encoder.encode(texts, 'query');
const vectors = Object.fromEntries(texts.map((text, at) => [text, Array.from(encoded[at] ?? [])]));
const { QDRANT_URL: url, QDRANT_API_KEY: apiKey } = process.env;
const { 'server-pid': pid, 'server-folder': folder } = options;
const server =
  url === undefined
    ? undefined
    : {
        url,
        ...(apiKey === undefined ? {} : { apiKey }),
        ...(pid === undefined ? {} : { pid: Number(pid) }),
        ...(folder === undefined ? {} : { folder }),
      };
const order = { encoder: identity, model, questions: asked, rounds: Number(options.rounds), vectors };

async function measureSqlite(passages: number): Promise<Measured> {
  const engine = await sqliteEngine();
  try {
    const fillSeconds = await seconds(() => fill(engine, encoder, real, passages));
    const disk = await engine.disk();
    const result = await search({ ...order, place: engine.place });
    const rest = { tidySeconds: 0, serverMemory: undefined, emptyServerMemory: undefined, recall: undefined };
    return { engine: engine.name, passages, fillSeconds, disk, search: result, ...rest };
  } finally {
    await engine.remove();
  }
}

/** Plain, and then with quantised vectors, each told as soon as it is known. Nothing where there is no server. */
async function measureQdrant(passages: number): Promise<void> {
  const engine = await qdrantEngine(server);
  if (engine === undefined) return;
  const { client, collection, place } = engine;
  say(`server: ${engine.about}`);
  try {
    const emptyServerMemory = engine.serverMemory();
    const fillSeconds = await seconds(() => fill(engine, encoder, real, passages));
    for (const kind of ['', ', int8']) {
      const tidySeconds = await seconds(() => (kind === '' ? engine.tidy() : engine.quantise()));
      note(`${engine.name}${kind}: searching`);
      const asVectors = asked.map((text) => vectors[text] ?? []);
      tell({
        engine: `${engine.name}${kind}`,
        passages,
        fillSeconds,
        tidySeconds,
        search: await search({ ...order, place }),
        recall: await recallAt20(client, collection, asVectors),
        disk: await engine.disk(),
        serverMemory: engine.serverMemory(),
        emptyServerMemory,
      });
    }
  } finally {
    await engine.remove();
  }
}

const megabytes = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;
const each = (bytes: number, passages: number) => `${Math.round(bytes / passages)} bytes a passage`;
const unknown = 'unknown here';

function row(label: string, { p50, p95, p99, failed }: Latency): string {
  const columns = [p50, p95, p99].map((ms) => ms.toFixed(1).padStart(9));
  return `  ${label.padEnd(36)}${columns.join('')}${failed === 0 ? '' : `   ${failed} questions not answered in time`}`;
}

function report(measured: Measured): void {
  const { engine, passages, fillSeconds, tidySeconds, disk, serverMemory, emptyServerMemory, recall } =
    measured;
  const { memory, alone, together, encodedAlone, encodedTogether } = measured.search;
  const bytes = (size: number | undefined) =>
    size === undefined ? unknown : `${megabytes(size)} (${each(size, passages)})`;
  say(`${engine}, ${passages} passages`);
  say(
    `  filled in ${fillSeconds.toFixed(0)} s, built what it builds in the background in ${tidySeconds.toFixed(0)} s`,
  );
  const parts = [...(disk ?? [])].sort(([, a], [, b]) => b - a);
  say(`  disk ${bytes(disk && parts.reduce((sum, [, size]) => sum + size, 0))}`);
  for (const [part, size] of parts.length > 1 ? parts : []) say(`    ${part} ${bytes(size)}`);
  say(`  memory of our process for the index ${bytes(memory)}`);
  if (serverMemory !== undefined && emptyServerMemory !== undefined) {
    const added = each(serverMemory - emptyServerMemory, passages);
    say(
      `  memory of the server ${megabytes(serverMemory)}, ${megabytes(emptyServerMemory)} before (${added})`,
    );
  } else if (engine !== 'SQLite') say(`  memory of the server ${unknown}`);
  if (recall !== undefined) say(`  recall at 20 against exact search ${recall.toFixed(4)}`);
  say(`  ${'milliseconds'.padEnd(36)}${['p50', 'p95', 'p99'].map((name) => name.padStart(9)).join('')}`);
  say(row('search alone', alone));
  say(row(`search, ${AT_ONCE} at once`, together));
  say(row('search with encoder, alone', encodedAlone));
  say(row(`search with encoder, ${AT_ONCE} at once`, encodedTogether));
}

function panelsOf(all: readonly Measured[]): Panel[] {
  const engines = [...new Set(all.map(({ engine }) => engine))];
  const lines = (figure: (measured: Measured) => number) =>
    engines.map((name) => ({
      name,
      points: all
        .filter(({ engine }) => engine === name)
        .map((measured) => [measured.passages, figure(measured)] as const),
    }));
  return [
    { title: 'Search alone, p95, milliseconds', lines: lines(({ search: { alone } }) => alone.p95) },
    {
      title: 'Memory for the index, megabytes',
      lines: lines(({ search: { memory }, serverMemory }) => (memory + (serverMemory ?? 0)) / 1e6),
    },
  ];
}

const [processor] = cpus();
const machine = `${new Date().toISOString().slice(0, 10)}, Node ${process.version}, ${cpus().length} x ${processor?.model}`;
say(machine);
say(
  `load of the machine before: ${loadavg()
    .map((load) => load.toFixed(1))
    .join(' ')}`,
);
say(`${asked.length} questions, ${options.rounds} rounds, ${encoder.name}`);
const all: Measured[] = [];
/** At once, as a run takes hours and one that is stopped has then lost only what it had not measured. */
function tell(measured: Measured): void {
  all.push(measured);
  report(measured);
}
for (const passages of options.passages.split(',').map(Number)) {
  tell(await measureSqlite(passages));
  await measureQdrant(passages);
}
if (!all.some(({ engine }) => engine !== 'SQLite'))
  say('No Qdrant: QDRANT_URL is not set, and there is no stand-in.');
await writeFile(options.plot, plotOf(panelsOf(all), machine));
say(`plot: ${options.plot}`);
await encoder.close();
