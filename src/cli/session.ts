// What every command begins with: configuration, log, tools; and ends with: everything closed.
import { constants, existsSync } from 'node:fs';
import { access, mkdir, stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { Config } from '../config.js';
import { ChipwrightError } from '../errors.js';
import { encoderFor, type Library, modelStore, openGenerations, openLibrary } from '../library.js';
import { loadConfig } from '../main.js';
import { createLog } from '../operations/logging.js';
import type { Encoder } from '../retrieval/encoder/encoder.js';
import type { Generations } from '../retrieval/generations.js';
import { processTools, type Tools } from '../tools.js';
import { progressView, showDownload } from './progress.js';
import { type Shell, warn } from './shell.js';

export interface Session {
  readonly config: Config;
  readonly tools: Tools;
}

/** The log goes to a file, so that it does not stand between a person and the answer. */
export async function openSession(shell: Shell): Promise<Session> {
  const config = await loadConfig(shell.env, shell.folder, shell.machineName);
  await makeDataFolder(config.dataDir);
  const log = createLog(join(config.dataDir, 'chipwright.log'));
  return { config, tools: processTools(shell.env, log) };
}

/** The index holds the text of all documents, whatever their audience: on a shared machine it is nobody else's to read. */
const OWN_EYES = 0o700;

/**
 * Rejects with `config_invalid` when the folder cannot be made or written to. Folder by folder: node's recursive mkdir never
 * returns where the system answers ENOENT below an existing folder, as /proc does.
 */
async function makeDataFolder(folder: string): Promise<void> {
  const missing: string[] = [];
  let parent = resolve(folder);
  for (; !existsSync(parent); parent = dirname(parent)) missing.unshift(parent);
  try {
    for (const each of missing) await mkdir(each, { mode: OWN_EYES }).catch(ignoreExisting);
    if (!(await stat(folder)).isDirectory()) throw new Error('it is a file');
    await access(folder, constants.W_OK);
  } catch (cause) {
    throw new ChipwrightError(
      'config_invalid',
      `CHIPWRIGHT_DATA is ${JSON.stringify(folder)}, which cannot be written to.`,
      {
        cure: 'Name a folder that this account may write to.',
        cause,
      },
    );
  }
}

/** Another process may make the same folder at the same time. */
function ignoreExisting(error: unknown): void {
  if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
}

/** Opens the library for `work` and closes it afterwards. Says so when there is no encoder, or with `patient` no index. */
export async function withLibrary<T>(
  shell: Shell,
  { config, tools }: Session,
  options: { readonly pull: boolean; readonly patient?: boolean },
  work: (library: Library) => Promise<T>,
): Promise<T> {
  const view = progressView(shell, tools.now);
  const library = await openLibrary(config, tools, {
    ...options,
    onProgress: showDownload(view),
  }).finally(() => view.end());
  try {
    if (library.outage !== undefined) warnOfOutage(shell, library.outage);
    if (library.encoderProblem !== undefined) warnOfWords(shell, library.encoderProblem);
    return await work(library);
  } finally {
    await library.close();
  }
}

/** Opens one encoder, for building with it whatever answers at the moment; fetches it when it is not here. Closes it afterwards. */
export async function withEncoder<T>(
  shell: Shell,
  { config, tools }: Session,
  name: string,
  work: (parts: { readonly generations: Generations; readonly encoder: Encoder | null }) => Promise<T>,
): Promise<T> {
  const view = progressView(shell, tools.now);
  const store = modelStore(config, tools, showDownload(view));
  const { encoder, problem } = await encoderFor(name, tools, store, true).finally(() => view.end());
  try {
    if (problem !== undefined) warnOfWords(shell, problem);
    return await work({ generations: openGenerations(config, tools), encoder });
  } finally {
    await encoder?.close();
  }
}

export function warnOfOutage(shell: Shell, { message, cure }: ChipwrightError): void {
  warn(shell, `Not ready: ${message} ${cure} Questions are answered as soon as it works, without a restart.`);
}

function warnOfWords(shell: Shell, problem: ChipwrightError): void {
  warn(shell, `Searching by words alone: ${problem.message} ${problem.cure}`);
}

/** Throws `usage_invalid` when nothing is indexed yet. */
export async function requireDocuments({ index }: Library): Promise<void> {
  const { documents } = await index.describe();
  if (documents > 0) return;
  throw new ChipwrightError('usage_invalid', 'Nothing is indexed yet.', {
    cure: 'Run `chipwright ingest DIR` first, or `npm start`, which indexes the handbook.',
  });
}
