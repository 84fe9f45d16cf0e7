// The composition root: config to parts, parts to a running service.
import { randomBytes } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'yaml';
import { createTerminalPlatform, type TerminalParts } from '../adapters/terminal/terminal-platform.js';
import type { Source } from '../ingest/source.js';
import { folderSource } from '../ingest/sources/folder.js';
import { gitSource } from '../ingest/sources/git.js';
import type { BreakerState } from './circuit-breaker.js';
import { type Config, type Environment, readConfig, type SourceConfig } from './config.js';
import type { PlatformName } from './conversation/message.js';
import { noMetrics } from './conversation/metrics.js';
import type { Platform } from './conversation/platform.js';
import { type Desk, openDesk } from './desk.js';
import { ChipwrightError } from './errors.js';
import { extractive, type Similarity } from './language-model/extractive.js';
import { guarded } from './language-model/guarded.js';
import { openAiLanguageModel } from './language-model/openai.js';
import type { Library } from './library.js';
import type { RunningServer } from './operations/http-server.js';
import { createPace } from './operations/pace.js';
import type { RedisGate } from './operations/redis-gate.js';
import { createOrchestrator, type Orchestrator } from './orchestrator/orchestrator.js';
import { tracedLanguageModel, tracedRetriever } from './orchestrator/traced.js';
import { dotProduct } from './retrieval/dot-product.js';
import { noDirectory } from './safety/readers.js';
import { checkStore } from './storage/check-store.js';
import { openSqliteStore } from './storage/sqlite-store.js';
import type { Store } from './storage/store.js';
import type { Tools } from './tools.js';
import { within } from './within.js';

/** Name of the source that holds the bot's own handbook. */
export const HANDBOOK = 'handbook';

/** Questions answered at once, and how many may wait for their turn. */
const INBOX_LIMITS = { parallel: 8, waiting: 200 };

/** How long quoting waits for the encoder to compare lines, ms; it goes by their words then. */
const SIMILARITY_MS = 5_000;

/** The writing's share of a question's time: the rest is for finding before, for quotes in its place and for sending after. */
const WRITING_SHARE = 0.75;

/** How long running answers may take to finish when the service stops, ms; platforms kill after 30 s. */
const DRAIN_MS = 25_000;

/** How long platforms may take to let go when another one could not start, ms. */
const START_FAILED_MS = 2_000;

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

/** Folder of the audit log. */
export function auditFolder(config: Config): string {
  return join(config.dataDir, 'audit');
}

/** Folder of all tuning runs. */
export function tuningFolder(config: Config): string {
  return join(config.dataDir, 'training');
}

/** The assistant on top of a library: no platform, no inbox. */
export function openAssistant(config: Config, tools: Tools, library: Library): Orchestrator {
  const { languageModel, linkHosts } = config;
  const questionMs = config.limits.questionSeconds * 1_000;
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
                deadlines: { totalMs: questionMs * WRITING_SHARE },
                randomBytes,
              }),
              { now: tools.now, onBreaker: (state) => tools.metrics.breaker('language_model', state) },
            ),
            tools.tracer,
          ),
    extractive: extractive({ similarity: similarityBy(library) }),
    directory: noDirectory,
    questionMs,
    log: tools.log,
    now: tools.now,
    newId: tools.newId,
    ...(linkHosts === undefined ? {} : { linkHosts }),
  });
}

/** How near each line is to the question, for the writer that has no language model: the cosine of their vectors. */
function similarityBy(library: Library): Similarity {
  return async (questions, lines) => {
    // Taken anew each time: another generation may have brought another encoder.
    const { encoder } = library;
    if (encoder === null) return [];
    const encoding = Promise.all([encoder.encode(questions, 'query'), encoder.encode(lines, 'line')]);
    const [asked, vectors] = await within(SIMILARITY_MS, encoding, tooSlow);
    return asked.map((question) => vectors.map((vector) => dotProduct(vector, question)));
  };
}

function tooSlow(): ChipwrightError {
  return new ChipwrightError('encoder_unavailable', 'The encoder took too long for the lines of an answer.', {
    cure: 'Give the machine more processor time; if it stays so, restart Chipwright.',
    retryable: true,
  });
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
  /** Rejects when the server on which replicas share their pace does not answer; undefined when there is none. */
  readonly checkPace: (() => Promise<void>) | undefined;
  /** Stops taking questions, finishes the running ones within 25 s, and closes everything but the library and the server. */
  stop(): Promise<void>;
}

/** Where questions and threads are kept: on the configured PostgreSQL server, or in the data folder. */
export async function openStore(config: Config, tools: Tools): Promise<Store> {
  if (config.databaseUrl === null) return openSqliteStore(join(config.dataDir, 'state.sqlite'));
  const { openPostgresStore } = await import('./storage/postgres-store.js');
  return openPostgresStore(config.databaseUrl, tools.log);
}

/** Where the replicas take turns, if there is such a place. */
async function openGate({ redisUrl }: Config, tools: Tools): Promise<RedisGate | undefined> {
  if (redisUrl === null) return undefined;
  const { openRedisGate } = await import('./operations/redis-gate.js');
  return openRedisGate(redisUrl, tools);
}

/** Connects the configured platforms, over `server` those that need one, and the terminal if given one. */
export async function startService(
  config: Config,
  tools: Tools,
  orchestrator: Orchestrator,
  { terminal, server }: ServiceParts,
): Promise<Service> {
  const gate = await openGate(config, tools);
  const pace = createPace(gate);
  const toolsOf = (platform: PlatformName) => ({
    ...{ log: tools.log, now: tools.now, fetch: tools.fetch, pace },
    onBreaker: (state: BreakerState) => tools.metrics.breaker(platform, state),
  });
  const platforms: Platform[] = [];
  // The SDKs take a second or more to load: only what is configured is.
  if (config.slack !== null) {
    const { createSlackPlatform } = await import('../adapters/slack/slack-platform.js');
    platforms.push(createSlackPlatform(config.slack, toolsOf('slack')));
  }
  if (config.teams !== null) {
    const { createTeamsPlatform } = await import('../adapters/teams/teams-platform.js');
    platforms.push(createTeamsPlatform(config.teams, toolsOf('teams')));
  }
  if (terminal !== undefined) {
    platforms.push(createTerminalPlatform({ ...terminal, now: tools.now, newId: tools.newId }));
  }
  // What is typed into this terminal ends with it: after a restart nobody would be there to read the answer, and nobody watches it from afar.
  const inMemory = platforms.filter(({ name }) => name === 'terminal');
  const durable = platforms.filter(({ name }) => name !== 'terminal');
  const desks: Desk[] = [];
  const kept = durable.length > 0 ? await openStore(config, tools) : undefined;
  if (kept !== undefined) {
    const limits = { ...INBOX_LIMITS, ...config.limits };
    desks.push(openDesk({ store: kept, served: durable, orchestrator, limits, tools }));
  }
  if (inMemory.length > 0)
    desks.push(
      openDesk({
        store: await openSqliteStore(':memory:'),
        served: inMemory,
        orchestrator,
        limits: INBOX_LIMITS,
        tools: { ...tools, metrics: noMetrics },
      }),
    );

  try {
    server?.serve(platforms.flatMap((platform) => platform.routes));
    for (const { watched, ratings, served } of desks)
      for (const platform of served) await platform.start(watched, ratings);
    for (const { inbox, queue } of desks) {
      inbox.start();
      queue.start();
    }
  } catch (error) {
    // What was started before the failure must not keep the process.
    await Promise.allSettled(
      platforms.map((platform) => platform.stop(AbortSignal.timeout(START_FAILED_MS))),
    );
    for (const { store } of desks) await store.close();
    gate?.close();
    throw error;
  }
  return {
    platforms,
    checkStorage: kept && (() => checkStore(kept)),
    checkPace: gate && (() => gate.check()),
    async stop() {
      const deadline = AbortSignal.timeout(DRAIN_MS);
      const stopping = platforms.map((platform) => platform.stop(deadline));
      await Promise.all(desks.flatMap(({ inbox, queue }) => [inbox.drain(deadline), queue.stop()]));
      await Promise.all(stopping);
      for (const { store } of desks) await store.close();
      await pace.stop();
      gate?.close();
    },
  };
}
