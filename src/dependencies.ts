// What a service needs of others, and how each is looked at.
import type { Config } from './config.js';
import { checkOpenAi } from './language-model/openai-check.js';
import type { Library } from './library.js';
import type { Service } from './main.js';
import type { Dependency } from './operations/health.js';
import type { Tools } from './tools.js';

/** Milliseconds between two looks: near ones often, those that count requests seldom. */
const NEAR = 2_000;
const FAR = 30_000;

/** Documents that are indexed once there is an index for them. */
interface KeptDocuments {
  /** Whether they have still to be indexed, or better than they are. */
  readonly isDue: boolean;
  /** Begins with that in the background when it is due. Never throws. */
  keep(): void;
}

/** Tuning runs that are begun when they are due. */
interface KeptTuning {
  /** Never throws. */
  keep(): void;
}

/** Looking at the index also heals it: what was missing is opened as soon as it is there. */
export function dependenciesOf(
  config: Config,
  tools: Tools,
  parts: {
    readonly library: Library;
    readonly documents: KeptDocuments;
    readonly tuning: KeptTuning | undefined;
    readonly service: Service;
  },
): Dependency[] {
  const { library, documents, tuning, service } = parts;
  const { platforms, checkStorage, checkPace } = service;
  const { languageModel } = config;
  return [
    {
      name: 'index',
      required: true,
      everyMs: NEAR,
      async check() {
        // Not awaited: it may fetch a model.
        void library.refresh();
        if (library.outage !== undefined) return { ok: false, detail: library.outage.message };
        documents.keep();
        const held = await library.index.describe();
        tools.metrics.index(held.documents, held.chunks, library.generation);
        if (held.documents === 0 && documents.isDue)
          return { ok: false, detail: 'No document is indexed yet.' };
        if (!documents.isDue) tuning?.keep();
        return { ok: true, detail: `${held.documents} documents, ${held.chunks} passages.` };
      },
    },
    {
      name: 'encoder',
      required: false,
      everyMs: NEAR,
      async check() {
        if (library.outage !== undefined) return { ok: false, detail: 'It is opened after the index.' };
        const problem = library.encoderProblem;
        if (problem !== undefined)
          return { ok: false, detail: `Words alone are searched. ${problem.message}` };
        return { ok: true, detail: `${library.encoder?.name ?? 'none'}.` };
      },
    },
    ...(languageModel === null
      ? []
      : [
          {
            name: 'languageModel',
            required: false,
            everyMs: FAR,
            async check() {
              await checkOpenAi({ ...languageModel, fetch: tools.fetch });
              return { ok: true, detail: `${languageModel.model}.` };
            },
          },
        ]),
    ...(checkStorage === undefined
      ? []
      : [
          {
            name: 'storage',
            required: true,
            everyMs: NEAR,
            async check() {
              await checkStorage();
              return { ok: true, detail: config.databaseUrl === null ? 'SQLite.' : 'PostgreSQL.' };
            },
          },
        ]),
    ...(checkPace === undefined
      ? []
      : [
          {
            name: 'redis',
            required: false,
            everyMs: NEAR,
            async check() {
              await checkPace();
              return { ok: true, detail: 'The pace is shared.' };
            },
          },
        ]),
    ...platforms
      .filter(({ name }) => name !== 'terminal')
      .map((platform) => ({
        name: platform.name,
        required: true,
        everyMs: FAR,
        check: () => platform.check(),
      })),
  ];
}
