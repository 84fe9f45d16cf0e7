// A training run on disk, so that one that was stopped or killed goes on where it was: one safetensors file, the last one only.
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ChipwrightError } from '../errors.js';

const FILE = 'training.safetensors';

/** Bytes written at a time. */
const WRITE_BYTES = 8 * 1_048_576;

/** The names and shapes of a few hundred arrays take some fifty kilobytes, a step of the curve forty bytes. */
const MAX_HEADER_BYTES = 100_000_000;

const DAMAGED = 'The checkpoint is damaged.';

const stateSchema = z.object({
  /** What the run is made of, as `{ base, settings, examples }` digests: a checkpoint of another run is refused. */
  run: z.object({ base: z.string(), settings: z.string(), examples: z.string() }),
  /** Steps done. */
  step: z.number().int().nonnegative(),
  /** Time spent on them, in all runs. */
  seconds: z.number().nonnegative(),
  /** Texts' tokens that passed the model, without padding. */
  tokens: z.number().int().nonnegative(),
  curve: z.array(z.object({ loss: z.number(), accuracy: z.number() })),
});

/** Everything about a run but its arrays. */
export type TrainingState = z.infer<typeof stateSchema>;

/** Weights and moments by name. */
export type TrainingArrays = ReadonlyMap<string, Float32Array>;

/** safetensors keeps all else a file says under one key, as strings. */
const headerSchema = z.looseObject({ __metadata__: z.object({ training: z.string() }) });

/** What a folder of checkpoints held: nothing, something that is of no use here, or the state whose arrays are restored. */
export type Resumption =
  | { readonly found: 'nothing' }
  | { readonly found: 'refused'; readonly reason: string }
  | { readonly found: 'state'; readonly state: TrainingState };

/** Where each array stands, as the header says it. */
function layoutOf(arrays: TrainingArrays): Record<string, unknown> {
  const layout: Record<string, unknown> = {};
  let size = 0;
  for (const [name, { length, byteLength }] of arrays) {
    layout[name] = { dtype: 'F32', shape: [length], data_offsets: [size, size + byteLength] };
    size += byteLength;
  }
  return layout;
}

function headerOf(arrays: TrainingArrays, state: TrainingState): Buffer {
  const metadata = { training: JSON.stringify(state) };
  const json = Buffer.from(JSON.stringify({ __metadata__: metadata, ...layoutOf(arrays) }));
  // The format lets spaces fill the header up, so that the numbers start at a multiple of eight.
  const padded = Buffer.alloc(Math.ceil(json.length / 8) * 8, ' ');
  json.copy(padded);
  return padded;
}

function bytesOf(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

async function writeAll(file: FileHandle, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, at, Math.min(WRITE_BYTES, bytes.length - at));
    at += bytesWritten;
  }
}

/** False when the file ends before `bytes` is full. */
async function readAll(file: FileHandle, bytes: Uint8Array, from: number): Promise<boolean> {
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await file.read(bytes, at, bytes.length - at, from + at);
    if (bytesRead === 0) return false;
    at += bytesRead;
  }
  return true;
}

/** Makes a rename last through a power cut. Windows cannot open folders, and does not need it. */
async function flushFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => null);
  await handle?.sync().catch(() => {});
  await handle?.close();
}

/**
 * Writes the only checkpoint in `folder`, array by array and without a copy in memory. It is written beside and renamed: a process killed
 * at any moment leaves the old one or the new one. Throws `internal` when the disk does not take it; the old one stays then.
 */
export async function writeCheckpoint(
  folder: string,
  state: TrainingState,
  arrays: TrainingArrays,
): Promise<void> {
  const path = join(folder, FILE);
  const beside = `${path}.new`;
  try {
    await mkdir(folder, { recursive: true });
    const file = await open(beside, 'w');
    try {
      const header = headerOf(arrays, state);
      const length = Buffer.alloc(8);
      length.writeBigUInt64LE(BigInt(header.length));
      await writeAll(file, length);
      await writeAll(file, header);
      for (const values of arrays.values()) await writeAll(file, bytesOf(values));
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(beside, path);
    await flushFolder(folder);
  } catch (cause) {
    await rm(beside, { force: true }).catch(() => {});
    throw new ChipwrightError('internal', `No checkpoint of the training could be written to ${folder}.`, {
      cure: 'Make room on the disk and see that the folder can be written to, then run the command again: it goes on from the last checkpoint.',
      cause,
    });
  }
}

/**
 * Looks for a checkpoint of exactly this run, and if there is one fills `arrays` from it. One of another run, or that cannot be read, is
 * left where it is until the next one replaces it, and `arrays` stay as they are.
 */
export async function resume(
  folder: string,
  run: TrainingState['run'],
  arrays: TrainingArrays,
): Promise<Resumption> {
  let file: FileHandle;
  try {
    file = await open(join(folder, FILE), 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { found: 'nothing' };
    return { found: 'refused', reason: 'The checkpoint cannot be opened.' };
  }
  try {
    const read = await readHeader(file);
    if (read === null) return { found: 'refused', reason: DAMAGED };
    const { layout, state, start } = read;
    const reason = mismatch(state.run, run);
    if (reason !== null) return { found: 'refused', reason };
    if (JSON.stringify(layout) !== JSON.stringify(layoutOf(arrays)) || !(await hasSize(file, start, arrays)))
      return { found: 'refused', reason: DAMAGED };
    let at = start;
    for (const values of arrays.values()) {
      if (!(await readAll(file, bytesOf(values), at)))
        throw new Error('the checkpoint shrank while being read');
      at += values.byteLength;
    }
    return { found: 'state', state };
  } finally {
    await file.close();
  }
}

function mismatch(found: TrainingState['run'], wanted: TrainingState['run']): string | null {
  if (found.base !== wanted.base) return 'The checkpoint is of another base model.';
  if (found.settings !== wanted.settings) return 'The checkpoint is of a run with other settings.';
  if (found.examples !== wanted.examples) return 'The checkpoint is of a run with other examples.';
  return null;
}

async function hasSize(file: FileHandle, start: number, arrays: TrainingArrays): Promise<boolean> {
  let size = start;
  for (const { byteLength } of arrays.values()) size += byteLength;
  return (await file.stat()).size === size;
}

async function readHeader(file: FileHandle) {
  const length = Buffer.alloc(8);
  if (!(await readAll(file, length, 0)) || length.readBigUInt64LE() > BigInt(MAX_HEADER_BYTES)) return null;
  const header = Buffer.alloc(Number(length.readBigUInt64LE()));
  if (!(await readAll(file, header, 8))) return null;
  try {
    const { __metadata__: metadata, ...layout } = headerSchema.parse(JSON.parse(header.toString()));
    const state = stateSchema.parse(JSON.parse(metadata.training));
    return { layout, state, start: 8 + header.length };
  } catch {
    return null;
  }
}
