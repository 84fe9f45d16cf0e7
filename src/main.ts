// The composition root: config to parts, parts to a running service. The only file that knows every room.
import { randomBytes, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type Tracer, trace } from '@opentelemetry/api';
import type { Logger } from 'pino';
import { parse } from 'yaml';
import { createTerminalPlatform, type TerminalParts } from '../adapters/terminal/terminal-platform.js';
import type { Source } from '../ingest/source.js';
import { folderSource } from '../ingest/sources/folder.js';
import { gitSource } from '../ingest/sources/git.js';
import { type Config, type Environment, readConfig, type SourceConfig } from './config.js';
import { type AuditTrail, noAudit } from './conversation/audit.js';
import { History } from './conversation/history.js';
import { DurableInbox } from './conversation/inbox.js';
import { type Metrics, noMetrics } from './conversation/metrics.js';
import type { Platform } from './conversation/platform.js';
import { WatchedInbox } from './conversation/watched-inbox.js';
import { ChipwrightError } from './errors.js';
import { extractive, type Similarity } from './language-model/extractive.js';
import { guarded } from './language-model/guarded.js';
import { openAiLanguageModel } from './language-model/openai.js';
import type { RunningServer } from './operations/http-server.js';
import { createPace } from './operations/pace.js';
import { observed } from './orchestrator/observed.js';
import { createOrchestrator, type Orchestrator } from './orchestrator/orchestrator.js';
import { respond } from './orchestrator/respond.js';
import { tracedLanguageModel, tracedRetriever } from './orchestrator/traced.js';
import type { BreakerState } from './retrieval/circuit-breaker.js';
import { dotProduct } from './retrieval/dot-product.js';
import type { Encoder } from './retrieval/encoder/encoder.js';
import { encoderName } from './retrieval/encoder/model-manifest.js';
import { ModelStore } from './retrieval/encoder/model-store.js';
import { openEncoder } from './retrieval/encoder/onnx-encoder.js';
import { rememberQuestions } from './retrieval/encoder/question-cache.js';
import { AS_BUILT, type Generations } from './retrieval/generations.js';
import { HybridRetriever } from './retrieval/hybrid-retriever.js';
import type { Index } from './retrieval/index-port.js';
import { LiveRetriever, type OpenGeneration } from './retrieval/live-retriever.js';
import { switchEncoder } from './retrieval/publish.js';
import { QdrantGenerations } from './retrieval/qdrant-generations.js';
import type { Retriever } from './retrieval/retriever.js';
import { SqliteGenerations } from './retrieval/sqlite-generations.js';
import { noDirectory } from './safety/readers.js';
import { checkStore } from './storage/check-store.js';
import { openSqliteStore } from './storage/sqlite-store.js';
import type { Store } from './storage/store.js';

/** Name of the source that holds the bot's own handbook. */
export const HANDBOOK = 'handbook';

/** Questions answered at once, and how many may wait for their turn. */
const INBOX_LIMITS = { parallel: 8, waiting: 200 };

/** How long running answers may take to finish when the service stops, ms; platforms kill after 30 s. */
const DRAIN_MS = 25_000;

/** How long platforms may take to let go when another one could not start, ms. */
const START_FAILED_MS = 2_000;

/** Time, randomness, network and log, made once by the command that starts and handed to everything below. */
export interface Tools {
  readonly env: Environment;
  readonly fetch: typeof globalThis.fetch;
  readonly now: () => number;
  readonly newId: () => string;
  readonly log: Logger;
  readonly metrics: Metrics;
  readonly audit: AuditTrail;
  readonly tracer: Tracer;
}

/** The tools of this process. Nothing is counted or audited unless the command puts others in their place. */
export function processTools(env: Environment, log: Logger): Tools {
  return {
    env,
    fetch: globalThis.fetch,
    now: () => Date.now(),
    newId: () => randomUUID().replaceAll('-', '').slice(0, 12),
    log,
    metrics: noMetrics,
    audit: noAudit,
    // Does nothing until an SDK is loaded before the program: docs/operations.md.
    tracer: trace.getTracer('chipwright'),
  };
}

/** Reads chipwright.yaml of the folder, if it is there, and the environment. Rejects with `config_invalid`. */
export async function loadConfig(env: Environment, folder: string, machineName: string): Promise<Config> {
  const file = join(folder, 'chipwright.yaml');
  if (!existsSync(file)) return readConfig(env, machineName);
  let yaml: unknown;
  try {
    yaml = parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw new ChipwrightError('config_invalid', 'chipwright.yaml is not valid YAML.', {
      cure: 'Correct it; docs/configuration.md shows an example.',
      cause,
    });
  }
  return readConfig(env, machineName, yaml ?? {});
}

export function modelStore(config: Config, tools: Tools, onProgress?: ModelProgress): ModelStore {
  return new ModelStore({
    dir: join(config.dataDir, 'models'),
    fetch: tools.fetch,
    env: tools.env,
    log: tools.log,
    ...(onProgress === undefined ? {} : { onProgress }),
  });
}

type ModelProgress = NonNullable<ConstructorParameters<typeof ModelStore>[0]['onProgress']>;

/**
 * What can be searched: the published generation of the index, and its encoder if there is one. While nothing could be opened yet, the first
 * three throw the reason.
 */
export interface Library {
  readonly generation: number;
  readonly index: Index;
  readonly encoder: Encoder | null;
  /** Why nothing could be opened yet. */
  readonly outage: ChipwrightError | undefined;
  /** Why there is no encoder. */
  readonly encoderProblem: ChipwrightError | undefined;
  readonly retriever: Retriever;
  /** Looks for what was missing, such as a server that was down or a model that could not be fetched. Never rejects. */
  refresh(): Promise<void>;
  close(): Promise<void>;
}

/** Folder of the audit log. */
export function auditFolder(config: Config): string {
  return join(config.dataDir, 'audit');
}

/** The generations of the configured index: those on the Qdrant server if there is one; `embedded`: those in the data folder anyway. */
export function openGenerations(config: Config, tools: Tools, embedded = false): Generations {
  const { fetch, log, now, metrics } = tools;
  const onBreaker = (state: BreakerState) => metrics.breaker('qdrant', state);
  return config.qdrant === null || embedded
    ? new SqliteGenerations(config.dataDir)
    : new QdrantGenerations({ ...config.qdrant, fetch, log, now, onBreaker });
}

/**
 * Opens the published generation and its encoder. `pull`: fetch the model when it is not there yet. When another generation is published
 * meanwhile, by this process or another, searches take it up by themselves; `generation`, `index` and `encoder` are those of the moment.
 * `patient`: a Qdrant server that does not answer is waited for, and does not reject.
 */
export async function openLibrary(
  config: Config,
  tools: Tools,
  options: { readonly pull: boolean; readonly patient?: boolean; readonly onProgress?: ModelProgress },
): Promise<Library> {
  const store = modelStore(config, tools, options.onProgress);
  const generations = openGenerations(config, tools);
  const closing = new AbortController();
  const live = () => generations.live();
  const open = async (number: number) => {
    const from = { store, generations, ...options };
    try {
      return await openGeneration(config, tools, { ...from, number });
    } catch (error) {
      if (options.patient !== true || !(await lacksVectors(error, generations, number))) throw error;
      await giveVectors(config, tools, { store, generations, number, signal: closing.signal });
      return openGeneration(config, tools, { ...from, number: await live() });
    }
  };
  const first = await live()
    .then(open)
    .catch((error: unknown) => {
      if (options.patient === true && config.qdrant !== null && isOutage(error)) return error;
      throw error;
    });
  const retriever = new LiveRetriever({ first, live, open, now: tools.now, log: tools.log });
  return {
    retriever,
    get generation() {
      return retriever.current.number;
    },
    get index() {
      return retriever.current.index;
    },
    get encoder() {
      return retriever.current.encoder;
    },
    get outage() {
      return retriever.outage;
    },
    get encoderProblem() {
      return retriever.outage === undefined ? retriever.current.problem : undefined;
    },
    refresh: () => retriever.refresh(),
    close() {
      closing.abort();
      return retriever.close();
    },
  };
}

/** Whether a generation was refused because it was built of words alone, while the encoder could not be had. */
async function lacksVectors(error: unknown, generations: Generations, number: number): Promise<boolean> {
  if (!(error instanceof ChipwrightError) || error.code !== 'index_mismatch') return false;
  return (await generations.list()).find((one) => one.number === number)?.encoder === null;
}

/** Builds the same documents anew with the configured encoder, and makes that answer. The embedded index needs no such thing. */
async function giveVectors(
  config: Config,
  tools: Tools,
  from: {
    readonly store: ModelStore;
    readonly generations: Generations;
    readonly number: number;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { store, generations, number, signal } = from;
  const { encoder, problem } = await encoderFor(config.encoder, tools, store, false);
  if (problem !== undefined) throw problem;
  const words = await generations.open(number, AS_BUILT);
  try {
    tools.log.info({ from: number }, 'the index has words alone; the encoder gives it vectors');
    await switchEncoder({ generations, encoder }, words, { signal });
  } finally {
    await words.close();
    await encoder?.close();
  }
}

/** Whether a failure of the index ends when its server is back, or accepts the key. */
export function isOutage(error: unknown): error is ChipwrightError {
  return (
    error instanceof ChipwrightError && (error.code === 'index_unavailable' || error.code === 'index_refused')
  );
}

/** Opens one generation as a service does, with its encoder; when that cannot be had, words alone, and why stands in `problem`. */
export async function openGeneration(
  config: Config,
  tools: Tools,
  from: {
    readonly store: ModelStore;
    readonly generations: Generations;
    readonly number: number;
    readonly pull: boolean;
  },
): Promise<
  OpenGeneration & {
    readonly index: Index;
    readonly encoder: Encoder | null;
    readonly problem: ChipwrightError | undefined;
  }
> {
  const { store, generations, number, pull } = from;
  const name = await encoderNameOf(config, store, generations, number);
  const { encoder, problem } = await encoderFor(name, tools, store, pull);
  try {
    const index = await generations.open(number, encoder);
    return {
      number,
      index,
      encoder,
      problem,
      retriever: new HybridRetriever({ index, encoder, now: tools.now }),
      async close() {
        await encoder?.close();
        await index.close();
      },
    };
  } catch (error) {
    await encoder?.close();
    throw error;
  }
}

/** The encoder that answers at the moment, or would after the first documents. */
export async function liveEncoderName(config: Config, tools: Tools): Promise<string> {
  const generations = openGenerations(config, tools);
  return encoderNameOf(config, modelStore(config, tools), generations, await generations.live());
}

/**
 * The encoder a generation was built with, when that is the configured one or was tuned from it; else the configured one, which
 * the index will refuse by name.
 */
async function encoderNameOf(
  config: Config,
  store: ModelStore,
  generations: Generations,
  number: number,
): Promise<string> {
  const encoder = (await generations.list()).find((one) => one.number === number)?.encoder;
  if (encoder === undefined || encoder === null) return config.encoder;
  const name = encoderName(encoder);
  return (await store.baseOf(name)) === config.encoder ? name : config.encoder;
}

/** Opens a model of the store; when that cannot be done there is none, and the reason. */
export async function encoderFor(
  name: string,
  tools: Tools,
  store: ModelStore,
  pull: boolean,
): Promise<{ encoder: Encoder | null; problem?: ChipwrightError }> {
  try {
    if (pull) await store.pull(name);
    else if (!(await store.has(name))) {
      throw new ChipwrightError('model_missing', `The model ${name} has not been fetched yet.`, {
        cure: 'Run `chipwright models pull`.',
      });
    }
    return { encoder: rememberQuestions(await openEncoder(store.folder(name), { log: tools.log })) };
  } catch (error) {
    if (!(error instanceof ChipwrightError)) throw error;
    tools.log.warn({ err: error }, 'no encoder: searching by words alone');
    return { encoder: null, problem: error };
  }
}

/** The assistant on top of a library: no platform, no inbox. */
export function openAssistant(config: Config, tools: Tools, library: Library): Orchestrator {
  const { languageModel, linkHosts } = config;
  return createOrchestrator({
    retriever: tracedRetriever(library.retriever, tools.tracer),
    languageModel:
      languageModel === null
        ? null
        : tracedLanguageModel(
            guarded(
              openAiLanguageModel({
                ...languageModel,
                fetch: tools.fetch,
                log: tools.log,
                randomBytes,
              }),
              { now: tools.now, onBreaker: (state) => tools.metrics.breaker('language_model', state) },
            ),
            tools.tracer,
          ),
    extractive: extractive({ similarity: similarityBy(library) }),
    directory: noDirectory,
    log: tools.log,
    now: tools.now,
    newId: tools.newId,
    ...(linkHosts === undefined ? {} : { linkHosts }),
  });
}

/** How near each line is to the question, for the writer that has no language model: the cosine of their vectors. */
function similarityBy(library: Library): Similarity {
  return async (question, lines) => {
    // Taken anew each time: another generation may have brought another encoder.
    const { encoder } = library;
    if (encoder === null) return lines.map(() => 0);
    const [asked] = await encoder.encode([question], 'query');
    const vectors = await encoder.encode(lines, 'passage');
    return vectors.map((vector) => (asked === undefined ? 0 : dotProduct(vector, asked)));
  };
}

/** A folder as a source. A link template with `{commit}` makes it a git checkout: its commit and its tracked files count. */
export async function openSource({ dir, name, link, audience }: SourceConfig): Promise<Source> {
  const options = {
    audience: [audience],
    ...(name === undefined ? {} : { name }),
    ...(link === undefined ? {} : { linkTemplate: link }),
  };
  return link?.includes('{commit}') === true ? gitSource(dir, options) : folderSource(dir, options);
}

/** The handbook that comes with the program. */
export function handbook(): Source {
  return folderSource(join(packageRoot(), 'docs'), { name: HANDBOOK });
}

/** The folder of package.json, from the compiled files as well as from the sources. */
export function packageRoot(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, 'package.json'))) folder = dirname(folder);
  return folder;
}

export interface ServiceParts {
  readonly terminal?: Pick<TerminalParts, 'input' | 'output' | 'interactive' | 'onLeave'>;
  readonly server?: Pick<RunningServer, 'serve'> | undefined;
}

export interface Service {
  readonly platforms: readonly Platform[];
  /** Rejects with `storage_unavailable` when questions cannot be stored; undefined when none are, as in a terminal alone. */
  readonly checkStorage: (() => Promise<void>) | undefined;
  /** Stops taking questions, finishes the running ones within 25 s, and closes everything but the library and the server. */
  stop(): Promise<void>;
}

/** Platforms that share an inbox, and the store behind it. */
interface Desk {
  readonly inbox: DurableInbox;
  /** The same inbox, counted and traced: the one that platforms are given. */
  readonly watched: WatchedInbox;
  readonly store: Store;
  readonly served: readonly Platform[];
}

/** Where questions and threads are kept: on the configured PostgreSQL server, or in the data folder. */
async function openStore(config: Config, tools: Tools): Promise<Store> {
  if (config.databaseUrl === null) return openSqliteStore(join(config.dataDir, 'state.sqlite'));
  const { openPostgresStore } = await import('./storage/postgres-store.js');
  return openPostgresStore(config.databaseUrl, tools.log);
}

function openDesk(store: Store, served: readonly Platform[], orchestrator: Orchestrator, tools: Tools): Desk {
  const { now, newId, log } = tools;
  const byName = new Map(served.map((platform) => [platform.name, platform]));
  const history = new History(store, now, log);
  const inbox = new DurableInbox({
    store,
    owner: randomUUID(),
    platforms: [...byName.keys()],
    limits: INBOX_LIMITS,
    now,
    pause: (ms, signal) => delay(ms, undefined, { signal }).catch(() => {}),
    log,
    async answer({ message, record, ...taken }, signal) {
      const reply = byName.get(message.thread.platform)?.replyTo(message, record);
      if (reply === undefined) throw new Error('a message of a platform that is not served');
      const acceptedIn = watched.begun(message);
      const { kind } = await observed({ ...tools, message, reply, signal, acceptedIn }, (counted) =>
        respond({ orchestrator, history, message, ...taken, reply: counted, signal, log, newId }),
      );
      return kind === 'answer' ? 'answered' : 'noticed';
    },
  });
  const watched = new WatchedInbox({ ...tools, inbox });
  return { inbox, watched, store, served };
}

/** Connects the configured platforms, over `server` those that need one, and the terminal if given one. */
export async function startService(
  config: Config,
  tools: Tools,
  orchestrator: Orchestrator,
  { terminal, server }: ServiceParts,
): Promise<Service> {
  const pace = createPace();
  const platformTools = { log: tools.log, now: tools.now, fetch: tools.fetch, pace };
  const platforms: Platform[] = [];
  // The SDKs take a second or more to load: only what is configured is.
  if (config.slack !== null) {
    const { createSlackPlatform } = await import('../adapters/slack/slack-platform.js');
    platforms.push(createSlackPlatform(config.slack, platformTools));
  }
  if (config.teams !== null) {
    const { createTeamsPlatform } = await import('../adapters/teams/teams-platform.js');
    platforms.push(createTeamsPlatform(config.teams, platformTools));
  }
  if (terminal !== undefined) {
    platforms.push(createTerminalPlatform({ ...terminal, now: tools.now, newId: tools.newId }));
  }
  // What is typed into this terminal ends with it: after a restart nobody would be there to read the answer, and nobody watches it from afar.
  const inMemory = platforms.filter(({ name }) => name === 'terminal');
  const durable = platforms.filter(({ name }) => name !== 'terminal');
  const desks: Desk[] = [];
  const kept = durable.length > 0 ? await openStore(config, tools) : undefined;
  if (kept !== undefined) desks.push(openDesk(kept, durable, orchestrator, tools));
  if (inMemory.length > 0)
    desks.push(
      openDesk(await openSqliteStore(':memory:'), inMemory, orchestrator, { ...tools, metrics: noMetrics }),
    );

  try {
    server?.serve(platforms.flatMap((platform) => platform.routes));
    for (const { watched, served } of desks) for (const platform of served) await platform.start(watched);
    for (const { inbox } of desks) inbox.start();
  } catch (error) {
    // What was started before the failure must not keep the process.
    await Promise.allSettled(
      platforms.map((platform) => platform.stop(AbortSignal.timeout(START_FAILED_MS))),
    );
    for (const { store } of desks) await store.close();
    throw error;
  }
  return {
    platforms,
    checkStorage: kept && (() => checkStore(kept)),
    async stop() {
      const deadline = AbortSignal.timeout(DRAIN_MS);
      const stopping = platforms.map((platform) => platform.stop(deadline));
      await Promise.all(desks.map(({ inbox }) => inbox.drain(deadline)));
      await Promise.all(stopping);
      for (const { store } of desks) await store.close();
      await pace.stop();
    },
  };
}
