// The folder of models: which are there, whether they are whole, and how a missing base model is fetched.
import { access, constants, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Logger } from 'pino';
import { ChipwrightError, toChipwrightError } from '../../errors.js';
import { archiveSource } from './archive-source.js';
import { type Run, runChildProcess } from './child-process-run.js';
import { hubSource } from './hub-source.js';
import { KNOWN_MODELS, type KnownModel } from './model-catalogue.js';
import { modelProblems, readManifest, writeModelFolder } from './model-folder.js';
import type { FetchedModel, ModelSource, Progress } from './model-source.js';
import { readTuningRecord, type TuningRecord } from './tuning-record.js';

/** A model, as `models list` and `models verify` show it. */
export interface ModelStatus {
  readonly name: string;
  readonly present: boolean;
  /** Where it came from; null when it is not there. */
  readonly source: string | null;
  /** The model it was tuned from; null for a base model. */
  readonly base: string | null;
  readonly sizeBytes: number;
  readonly dimensions: number;
  readonly licence: string;
  /** How it came about; null for a base model, and for one that was tuned before this was kept. */
  readonly tuning: TuningRecord | null;
  /** One sentence each; empty when nothing is wrong. */
  readonly problems: readonly string[];
}

export interface ModelStoreOptions {
  /** The folder that holds one folder per model. Made when it is first needed. */
  readonly dir: string;
  readonly fetch: typeof globalThis.fetch;
  /** The environment: `HF_ENDPOINT`, and what `pip` and `mvn` need. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly log: Logger;
  readonly onProgress?: (progress: Progress) => void;
  readonly run?: Run;
  /** What can be pulled. */
  readonly catalogue?: readonly KnownModel[];
}

/** Also keeps a name from leading out of the folder. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export class ModelStore {
  readonly #dir: string;
  readonly #log: Logger;
  readonly #sources: readonly ModelSource[];
  readonly #catalogue: readonly KnownModel[];

  constructor(options: ModelStoreOptions) {
    const { dir, fetch, env, onProgress, run = runChildProcess, catalogue = KNOWN_MODELS } = options;
    this.#dir = dir;
    this.#log = options.log;
    this.#catalogue = catalogue;
    this.#sources = [
      hubSource({
        fetch,
        endpoint: env.HF_ENDPOINT || undefined,
        downloads: join(dir, '.downloads'),
        onProgress,
      }),
      archiveSource({ run, env }),
    ];
  }

  /** Where the model of this name is, or would be. Throws `usage_invalid` for a name that cannot be a folder's. */
  folder(name: string): string {
    if (NAME.test(name)) return join(this.#dir, name);
    throw new ChipwrightError(
      'usage_invalid',
      'A model name has only letters, digits, dots, dashes and underscores.',
      {
        cure: this.#knownNames(),
      },
    );
  }

  /** Every known model, there or not, and every other model in the folder (tuned ones): newest first, then those without a date by name. */
  async list(): Promise<ModelStatus[]> {
    const entries = await readdir(this.#dir, { withFileTypes: true }).catch(() => []);
    const others = entries
      .filter(
        (entry) => entry.isDirectory() && NAME.test(entry.name) && this.#known(entry.name) === undefined,
      )
      .map((entry) => entry.name)
      .sort();
    const statuses = (names: readonly string[]) =>
      Promise.all(names.map((name) => this.#status(name, false)));
    const tuned = await statuses(others);
    return [
      ...(await statuses(this.#catalogue.map((model) => model.name))),
      ...tuned.sort((a, b) => (b.tuning?.date ?? '').localeCompare(a.tuning?.date ?? '')),
    ];
  }

  /**
   * The base model behind this one: itself when it was not tuned, or when its folder is not here to ask. Throws `model_corrupt` when
   * its manifest cannot be read.
   */
  async baseOf(name: string): Promise<string> {
    try {
      return (await readManifest(this.folder(name))).base ?? name;
    } catch (error) {
      if (error instanceof ChipwrightError && error.code === 'model_missing') return name;
      throw error;
    }
  }

  /** Whether the model is there with all its files; does not read them through. */
  async has(name: string): Promise<boolean> {
    const { present, problems } = await this.#status(name, false);
    return present && problems.length === 0;
  }

  /** Compares every file with its checksum. What is wrong stands in `problems`; nothing is thrown for it. */
  async verify(name: string): Promise<ModelStatus> {
    return this.#status(name, true);
  }

  /**
   * Makes sure that the known model `name` is there and whole; fetches it when it is not, from the first source that
   * has it. Throws `usage_invalid` for an unknown name, `model_missing` when no source can be reached,
   * `config_invalid` when the folder cannot be written to.
   */
  async pull(name: string): Promise<ModelStatus> {
    const folder = this.folder(name);
    const before = await this.#status(name, true);
    if (before.present && before.problems.length === 0) return before;
    const model = this.#known(name);
    if (model === undefined)
      throw new ChipwrightError('usage_invalid', `There is no model named ${name} to pull.`, {
        cure: this.#knownNames(),
      });
    await this.#writing(async () => {
      await mkdir(this.#dir, { recursive: true });
      await access(this.#dir, constants.W_OK);
    });
    const { weights, tokenizer, source } = await this.#fetch(model);
    const { licence, config, traits } = model;
    await this.#writing(() =>
      writeModelFolder(folder, { name, base: null, licence, source, config, traits, weights, tokenizer }),
    );
    this.#log.info({ model: name, source }, 'model fetched');
    return this.#status(name, false);
  }

  async #writing(write: () => Promise<unknown>): Promise<void> {
    try {
      await write();
    } catch (cause) {
      if (cause instanceof ChipwrightError) throw cause;
      throw new ChipwrightError(
        'config_invalid',
        `The folder of models, ${this.#dir}, cannot be written to.`,
        {
          cure: 'Check its permissions and the free space of the disk, or choose another data folder.',
          cause,
        },
      );
    }
  }

  async #fetch(model: KnownModel): Promise<FetchedModel> {
    const failures: ChipwrightError[] = [];
    for (const source of this.#sources) {
      try {
        return await source.fetch(model);
      } catch (error) {
        const failure = toChipwrightError(error);
        this.#log.warn({ model: model.name, source: source.name, err: failure }, 'model not here');
        failures.push(failure);
      }
    }
    throw new ChipwrightError(
      'model_missing',
      `The model ${model.name} could not be fetched. ${failures.map((failure) => failure.message).join(' ')}`,
      {
        cure: `${failures.map((failure) => failure.cure).join(' ')} Or copy the folder ${this.folder(model.name)} from a machine that has it.`,
        retryable: true,
        cause: failures[0],
      },
    );
  }

  async #status(name: string, thorough: boolean): Promise<ModelStatus> {
    const folder = this.folder(name);
    const model = this.#known(name);
    try {
      const manifest = await readManifest(folder);
      return {
        name,
        present: true,
        source: manifest.source,
        base: manifest.base,
        sizeBytes: Object.values(manifest.files).reduce((sum, file) => sum + file.bytes, 0),
        dimensions: manifest.dimensions,
        licence: manifest.licence,
        tuning: manifest.base === null ? null : await readTuningRecord(folder),
        problems: await modelProblems(folder, manifest, thorough),
      };
    } catch (error) {
      const failure = toChipwrightError(error);
      return {
        name,
        present: failure.code !== 'model_missing',
        source: null,
        base: null,
        sizeBytes: 0,
        dimensions: model?.config.hidden_size ?? 0,
        licence: model?.licence ?? '',
        tuning: null,
        problems: [failure.message],
      };
    }
  }

  #known(name: string): KnownModel | undefined {
    return this.#catalogue.find((model) => model.name === name);
  }

  #knownNames(): string {
    return `Known models: ${this.#catalogue.map((model) => model.name).join(', ')}.`;
  }
}
