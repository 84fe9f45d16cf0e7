// What can be searched: the published generation of the index with its encoder, and what is done when one of them is away.
import { join } from 'node:path';
import type { BreakerState } from './circuit-breaker.js';
import type { Config } from './config.js';
import { ChipwrightError } from './errors.js';
import type { Encoder } from './retrieval/encoder/encoder.js';
import { encoderName } from './retrieval/encoder/model-manifest.js';
import { ModelStore } from './retrieval/encoder/model-store.js';
import { openEncoder } from './retrieval/encoder/onnx-encoder.js';
import { rememberQuestions } from './retrieval/encoder/question-cache.js';
import { timely } from './retrieval/encoder/timely-encoder.js';
import { AS_BUILT, type Generations } from './retrieval/generations.js';
import { HybridRetriever } from './retrieval/hybrid-retriever.js';
import type { Index } from './retrieval/index-port.js';
import { LiveRetriever, type OpenGeneration } from './retrieval/live-retriever.js';
import { switchEncoder } from './retrieval/publish.js';
import { QdrantGenerations } from './retrieval/qdrant-generations.js';
import type { Retriever } from './retrieval/retriever.js';
import { SqliteGenerations } from './retrieval/sqlite-generations.js';
import { orWordsAlone } from './retrieval/words-alone.js';
import type { Tools } from './tools.js';

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

/** The generations of the configured index: those on the Qdrant server if there is one; `embedded`: those in the data folder anyway. */
export function openGenerations(config: Config, tools: Tools, embedded = false): Generations {
  const { fetch, log, now, metrics } = tools;
  const onBreaker = (state: BreakerState) => metrics.breaker('qdrant', state);
  return config.qdrant === null || embedded
    ? new SqliteGenerations(config.dataDir)
    : new QdrantGenerations({
        ...config.qdrant,
        fetch,
        log,
        now,
        onBreaker,
        onForbidden: (passages) => metrics.forbidden(passages),
      });
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

/** A generation that is not open yet, and where its model is. */
interface StoredGeneration {
  readonly store: ModelStore;
  readonly generations: Generations;
  readonly number: number;
}

/** Builds the same documents anew with the configured encoder, and makes that answer. The embedded index needs no such thing. */
async function giveVectors(
  config: Config,
  tools: Tools,
  from: StoredGeneration & { readonly signal: AbortSignal },
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
  from: StoredGeneration & { readonly pull: boolean },
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
    const asked = encoder === null ? null : timely(encoder, tools);
    const retriever = new HybridRetriever({ index, encoder: asked, now: tools.now });
    return {
      number,
      index,
      encoder,
      problem,
      retriever: orWordsAlone(retriever, tools.log),
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
