// A model on disk: what files it has, how it is written so that it is whole or absent, and how it is checked.
import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { ChipwrightError } from '../../errors.js';
import { buildBertGraph } from './bert-graph.js';
import { type BertConfig, type BertWeights, bertConfigSchema, selectBertWeights } from './bert-weights.js';
import { interchangeFiles } from './interchange-files.js';
import { modelCard } from './model-card.js';
import type { EncoderTraits } from './model-catalogue.js';
import { INT8_ONNX, MODEL_FILES, type ModelManifest, manifestSchema } from './model-manifest.js';
import { writeOnnx } from './onnx-file.js';
import { readSafetensors, writeSafetensors } from './safetensors.js';
import { TUNING_FILE, type TuningRecord } from './tuning-record.js';

/** Everything a model folder is made from. */
export interface ModelContent {
  readonly name: string;
  readonly base: string | null;
  readonly licence: string;
  readonly source: string;
  readonly config: BertConfig;
  readonly traits: EncoderTraits;
  readonly weights: BertWeights;
  /** The bytes of `tokenizer.json`. */
  readonly tokenizer: Uint8Array;
  /** For the model card, in Markdown: what a tuned model was trained on, its figures, the date. Never text of a document. */
  readonly card?: string;
  /** How a tuned model came about, for `chipwright models list`. */
  readonly tuning?: TuningRecord;
}

function sha256(bytes: Uint8Array | string): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** Leftovers of a process that was killed while writing are removed after this long. */
const LEFTOVER_MS = 3_600_000;

async function removeLeftovers(parent: string, prefix: string, own: string): Promise<void> {
  const now = (await stat(own)).mtimeMs;
  for (const entry of await readdir(parent)) {
    const path = join(parent, entry);
    if (!entry.startsWith(prefix) || path === own) continue;
    const age = now - (await stat(path).catch(() => ({ mtimeMs: now }))).mtimeMs;
    if (age > LEFTOVER_MS) await rm(path, { recursive: true, force: true });
  }
}

/**
 * Writes a model folder, in place of one that is there. It is built beside `folder` and renamed at the end, so a reader
 * sees the old model, none, or the new one, never half; when two processes write at once, one of them wins.
 * Throws `model_corrupt` when the weights do not fit the configuration.
 */
export async function writeModelFolder(folder: string, content: ModelContent): Promise<ModelManifest> {
  const { config, traits } = content;
  const weights = selectBertWeights(content.weights, config);
  const parent = dirname(folder);
  const prefix = `.${basename(folder)}-`;
  await mkdir(parent, { recursive: true });
  const workshop = await mkdtemp(join(parent, prefix));
  try {
    await removeLeftovers(parent, prefix, workshop);
    // A folder of its own in there, because mkdtemp's is closed to every other user of the machine.
    const building = join(workshop, 'new');
    await mkdir(building);
    const files: Record<string, { sha256: string; bytes: number }> = {};
    const put = async (path: string, bytes: Uint8Array | string) => {
      await mkdir(dirname(join(building, path)), { recursive: true });
      await writeFile(join(building, path), bytes, { flush: true });
      files[path] = { sha256: sha256(bytes), bytes: Buffer.byteLength(bytes) };
    };
    for (const [path, value] of interchangeFiles(config, traits, content.tokenizer))
      await put(path, `${JSON.stringify(value, null, 2)}\n`);
    await put('README.md', modelCard({ ...content, dimensions: config.hidden_size }));
    if (content.tuning !== undefined) await put(TUNING_FILE, `${JSON.stringify(content.tuning, null, 2)}\n`);
    await put(MODEL_FILES.tokenizer, content.tokenizer);
    // Without the mark of PyTorch's layout, version 4 of transformers refuses the file.
    await put(MODEL_FILES.weights, writeSafetensors(weights, { format: 'pt' }));
    await put(MODEL_FILES.onnx, writeOnnx(buildBertGraph(config, weights, traits.pooling)));
    await put(INT8_ONNX, writeOnnx(buildBertGraph(config, weights, traits.pooling, 'int8')));
    const manifest: ModelManifest = {
      format: 2,
      name: content.name,
      base: content.base,
      licence: content.licence,
      source: content.source,
      ...traits,
      dimensions: config.hidden_size,
      weights: sha256(writeSafetensors(weights)),
      files,
    };
    await writeFile(join(building, 'manifest.json'), `${JSON.stringify(manifest, null, 2)}\n`, {
      flush: true,
    });
    await putInPlace(building, folder, workshop);
    return manifest;
  } finally {
    await rm(workshop, { recursive: true, force: true });
  }
}

async function putInPlace(building: string, folder: string, workshop: string): Promise<void> {
  const manifest = await readManifest(building);
  // A folder cannot be renamed over another one; the one in the way is moved aside first. Another process may put
  // its own there in between: then that is moved aside in turn.
  for (let attempt = 1; ; attempt++) {
    try {
      return await rename(building, folder);
    } catch (error) {
      const code = (error as NodeJS.ErrnoException).code ?? '';
      if (attempt === 5 || !['ENOTEMPTY', 'EEXIST', 'EPERM'].includes(code)) throw error;
    }
    // The same model, fetched by another process meanwhile, stays: somebody may be opening it.
    if (await holdsSame(folder, manifest)) return;
    await rename(folder, join(workshop, `old-${attempt}`)).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') throw error;
    });
  }
}

/** Whether `folder` is whole and holds the same fetched model; a tuned one also has a record, which may be newer. */
async function holdsSame(folder: string, { weights, base }: ModelManifest): Promise<boolean> {
  const there = await readManifest(folder).catch(() => undefined);
  if (base !== null || there === undefined || there.weights !== weights) return false;
  return (await modelProblems(folder, there, true)).length === 0;
}

/** Reads `manifest.json`. Throws `model_missing` when there is no such folder, `model_corrupt` when it makes no sense. */
export async function readManifest(folder: string): Promise<ModelManifest> {
  const name = basename(folder);
  const cure = `Run \`chipwright models pull ${name}\`, or copy the folder from a machine that has it.`;
  let text: string;
  try {
    text = await readFile(join(folder, 'manifest.json'), 'utf8');
  } catch (cause) {
    throw new ChipwrightError('model_missing', `There is no model in ${folder}.`, { cure, cause });
  }
  try {
    return manifestSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new ChipwrightError('model_corrupt', `The manifest of the model in ${folder} cannot be read.`, {
      cure,
      cause,
    });
  }
}

/** What is wrong with the files of a model, one sentence each; empty when all is well. `thorough` compares every byte. */
export async function modelProblems(
  folder: string,
  manifest: ModelManifest,
  thorough: boolean,
): Promise<string[]> {
  const problems: string[] = [];
  for (const [name, expected] of Object.entries(manifest.files)) {
    const path = join(folder, name);
    const found = await stat(path).catch(() => null);
    if (found === null) problems.push(`${name} is missing.`);
    else if (found.size !== expected.bytes) problems.push(`${name} does not have the size it should have.`);
    else if (thorough && sha256(await readFile(path)) !== expected.sha256)
      problems.push(`${name} is not the file it should be: its checksum differs.`);
  }
  return problems;
}

/** Reads configuration and weights of a model, for training. Throws `model_missing` or `model_corrupt`. */
export async function readModelWeights(
  folder: string,
): Promise<{ config: BertConfig; weights: BertWeights }> {
  await readManifest(folder);
  try {
    const config = bertConfigSchema.parse(
      JSON.parse(await readFile(join(folder, MODEL_FILES.config), 'utf8')),
    );
    return {
      config,
      weights: selectBertWeights(readSafetensors(await readFile(join(folder, MODEL_FILES.weights))), config),
    };
  } catch (cause) {
    if (cause instanceof ChipwrightError) throw cause;
    throw new ChipwrightError('model_corrupt', `The files of the model in ${folder} cannot be read.`, {
      cure: `Run \`chipwright models pull ${basename(folder)}\`.`,
      cause,
    });
  }
}
