// Base models from the Hugging Face hub, at a pinned revision, resumed where an earlier download was cut off.
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ChipwrightError } from '../../errors.js';
import { selectBertWeights } from './bert-weights.js';
import type { KnownModel, PinnedFile } from './model-catalogue.js';
import { type ModelSource, type Progress, requirePinned } from './model-source.js';
import { readSafetensors } from './safetensors.js';

const HUB = 'https://huggingface.co';

/** A download that was cut off is taken up again this often before giving up. */
const MAX_ATTEMPTS = 5;

/** No file of a known model is larger; a server that sends more is not the hub. */
const MAX_FILE_BYTES = 512 * 1024 * 1024;

export interface HubSourceOptions {
  readonly fetch: typeof globalThis.fetch;
  /** `HF_ENDPOINT`, for a mirror; undefined for the public hub. */
  readonly endpoint?: string | undefined;
  /** Folder for partial downloads; kept between runs. */
  readonly downloads: string;
  readonly onProgress?: ((progress: Progress) => void) | undefined;
  /** How long to wait for the first answer: short, so that a machine without the hub moves on in seconds. */
  readonly connectMs?: number;
  /** How long to wait for the next bytes. */
  readonly stallMs?: number;
}

function unreachable(what: string, cause?: unknown): ChipwrightError {
  return new ChipwrightError('model_missing', `The Hugging Face hub ${what}.`, {
    cure: 'Check the network, or set HF_ENDPOINT to a mirror that this machine can reach.',
    retryable: true,
    cause,
  });
}

/** Bytes written so far decide what is asked for next; the checksum at the end decides whether they were right. */
async function receive(
  url: string,
  part: FileHandle,
  options: HubSourceOptions,
  onBytes: (at: number, total: number | null) => void,
): Promise<void> {
  let at = (await part.stat()).size;
  const deadline = new AbortController();
  let timer = setTimeout(() => deadline.abort(), options.connectMs ?? 8_000);
  try {
    const response = await options.fetch(url, {
      // Uncompressed, so that the bytes that arrive are those that the range and the length speak of.
      headers: { 'accept-encoding': 'identity', ...(at > 0 ? { range: `bytes=${at}-` } : {}) },
      signal: deadline.signal,
    });
    if (response.status === 416) return void (await response.body?.cancel());
    if (!response.ok || response.body === null) {
      await response.body?.cancel();
      throw unreachable(`answered ${response.status}`);
    }
    if (response.status !== 206) at = 0;
    const length = response.headers.get('content-length');
    const total = length === null ? null : at + Number(length);
    for await (const bytes of response.body) {
      clearTimeout(timer);
      timer = setTimeout(() => deadline.abort(), options.stallMs ?? 30_000);
      if (at + bytes.length > MAX_FILE_BYTES) throw unreachable('sent far more than the file has');
      // Written at its place, not appended: two processes that download the same file write the same bytes.
      await part.write(bytes, 0, bytes.length, at);
      at += bytes.length;
      onBytes(at, total);
    }
  } catch (cause) {
    throw cause instanceof ChipwrightError
      ? cause
      : unreachable('could not be reached, or stopped answering', cause);
  } finally {
    clearTimeout(timer);
  }
}

async function readAll(part: FileHandle): Promise<Uint8Array> {
  const bytes = new Uint8Array((await part.stat()).size);
  for (let at = 0; at < bytes.length; ) {
    const { bytesRead } = await part.read(bytes, at, bytes.length - at, at);
    if (bytesRead === 0) break;
    at += bytesRead;
  }
  return bytes;
}

async function download(model: KnownModel, file: PinnedFile, options: HubSourceOptions): Promise<Uint8Array> {
  const endpoint = (options.endpoint ?? HUB).replace(/\/+$/, '');
  const url = `${endpoint}/${model.hub.repository}/resolve/${model.hub.revision}/${file.path}`;
  await mkdir(options.downloads, { recursive: true });
  const path = join(options.downloads, `${file.sha256}.part`);
  const part = await open(path, constants.O_RDWR | constants.O_CREAT);
  const onBytes = (bytes: number, total: number | null) =>
    options.onProgress?.({ model: model.name, file: file.path, bytes, total });
  try {
    for (let attempt = 1; ; attempt++) {
      const before = (await part.stat()).size;
      try {
        await receive(url, part, options, onBytes);
      } catch (error) {
        // Tried again only while each attempt brings something: a dead line is left at once.
        if (attempt === MAX_ATTEMPTS || (await part.stat()).size <= before) throw error;
        continue;
      }
      const bytes = await readAll(part);
      const right = createHash('sha256').update(bytes).digest('hex') === file.sha256;
      if (!right) await part.truncate(0);
      // A wrong file that was put together from two downloads is fetched once more, in one piece.
      if (!right && before > 0 && attempt < MAX_ATTEMPTS) continue;
      if (right) await rm(path, { force: true });
      return requirePinned(bytes, file, 'the Hugging Face hub');
    }
  } finally {
    if ((await part.stat()).size === 0) await rm(path, { force: true });
    await part.close();
  }
}

/** Fetches over HTTP. Rejects with `model_missing` when the hub cannot be reached, `model_corrupt` on a wrong checksum. */
export function hubSource(options: HubSourceOptions): ModelSource {
  return {
    name: 'the Hugging Face hub',
    async fetch(model) {
      const tokenizer = await download(model, model.hub.tokenizer, options);
      const weights = readSafetensors(await download(model, model.hub.weights, options));
      return {
        source: `Hugging Face hub ${model.hub.repository} at ${model.hub.revision}`,
        tokenizer,
        weights: selectBertWeights(weights, model.config),
      };
    },
  };
}
