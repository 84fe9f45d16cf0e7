// `chipwright index`: the generations of the index, and moving, checking and saving them.
import { mkdir } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { Command } from 'commander';
import { ChipwrightError } from '../errors.js';
import { modelStore, openGeneration, openGenerations } from '../library.js';
import { encoderName } from '../retrieval/encoder/model-manifest.js';
import {
  AS_BUILT,
  type Generation,
  type Generations,
  noGeneration,
  removeOutdated,
} from '../retrieval/generations.js';
import type { Index, IndexDescription } from '../retrieval/index-port.js';
import { copyIndex } from '../retrieval/publish.js';
import { removeOrphans } from '../retrieval/remove-orphans.js';
import { verifyIndex } from '../retrieval/verify-index.js';
import { progressView } from './progress.js';
import { openSession, type Session } from './session.js';
import { EXIT, oneOf, type Shell, say, wholeNumber } from './shell.js';

const ENGINES = ['sqlite', 'qdrant'] as const;

export function indexCommand(shell: Shell, exit: (code: number) => void): Command {
  const index = new Command('index').description(
    'List, check, copy and save the generations of the index, and say which one answers.',
  );
  index
    .command('list')
    .description('Show the generations that are there, the newest first.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample:\n  chipwright index list')
    .action((options: { json: boolean }) => list(shell, options.json));
  index
    .command('publish')
    .argument('<number>', 'a generation that `index list` shows')
    .description('Make a generation answer; a running service takes it up by itself.')
    .addHelpText('after', '\nExample:\n  chipwright index publish 3')
    .action(async (number: string) => {
      const session = await openSession(shell);
      await publish(shell, session, openGenerations(session.config, session.tools), toNumber(number));
    });
  index
    .command('rollback')
    .description('Make the generation before the one that answers answer again.')
    .addHelpText('after', '\nExample:\n  chipwright index rollback')
    .action(() => rollback(shell));
  index
    .command('gc')
    .description('Remove what is not needed: older generations, and what an interrupted run left behind.')
    .addHelpText('after', '\nExample:\n  chipwright index gc')
    .action(() => removeUnneeded(shell));
  index
    .command('verify')
    .argument('[number]', 'default: the generation that answers')
    .description('Read a generation through: counts, vectors, audiences; and a hash of all it holds.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample:\n  chipwright index verify')
    .action(async (number: string | undefined, options: { json: boolean }) =>
      exit(await verify(shell, number, options.json)),
    );
  index
    .command('copy')
    .description(
      'Copy what answers on one engine to the other, and make it answer there; nothing is encoded.',
    )
    .requiredOption('--from <engine>', ENGINES.join(' or '))
    .requiredOption('--to <engine>', ENGINES.join(' or '))
    .addHelpText('after', '\nExample:\n  chipwright index copy --from sqlite --to qdrant')
    .action((options: { from: string; to: string }) => copy(shell, options));
  index
    .command('backup')
    .argument('<dir>', 'folder to write to; it is made when it is not there')
    .description('Write the generation that answers to a folder, while the service goes on.')
    .addHelpText('after', '\nExample:\n  chipwright index backup /backup/chipwright')
    .action((dir: string) => backup(shell, dir));
  index
    .command('restore')
    .argument('<dir>', 'folder that `index backup` wrote to')
    .description('Make a new generation of a backup, check it, and make it answer.')
    .addHelpText('after', '\nExample:\n  chipwright index restore /backup/chipwright')
    .action((dir: string) => restore(shell, dir));
  return index;
}

async function list(shell: Shell, json: boolean): Promise<void> {
  const { config, tools } = await openSession(shell);
  const generations = openGenerations(config, tools);
  const shown = [];
  for (const generation of await generations.list()) {
    const { number, live, encoder } = generation;
    const { documents, chunks: passages } = await contentOf(generations, generation);
    shown.push({ number, live, encoder: encoder ?? null, documents, passages });
  }
  if (json) {
    say(shell, JSON.stringify({ engine: config.qdrant === null ? 'sqlite' : 'qdrant', generations: shown }));
    return;
  }
  for (const { live, number, encoder, documents, passages } of shown)
    say(shell, `${live ? '*' : ' '} ${number}: ${inWords({ encoder, documents, passages })}`);
}

async function publish(
  shell: Shell,
  { config, tools }: Session,
  generations: Generations,
  number: number,
): Promise<void> {
  const all = await generations.list();
  const before = all.find(({ live }) => live);
  const wanted = await describe(generations, all, number);
  if (before?.number === number) {
    say(shell, `Generation ${number} answers already: ${wanted}`);
    return;
  }
  const encoder = all.find((one) => one.number === number)?.encoder;
  if (encoder === undefined) {
    throw new ChipwrightError('usage_invalid', `Generation ${number} is empty; nothing was changed.`, {
      cure: '`chipwright ingest` fills the one that answers.',
    });
  }
  // Opened as a service opens it: what a service could not take up is not published.
  const from = { store: modelStore(config, tools), generations, number, pull: false };
  const opened = await openGeneration(config, tools, from);
  await opened.close();
  if (opened.problem !== undefined && encoder !== null) {
    const model = encoderName(encoder);
    throw new ChipwrightError(
      'model_missing',
      `Generation ${number} was built with the model ${model}, which cannot be used here; nothing was changed.`,
      {
        cure: `Run \`chipwright models verify ${model}\`; copy its folder from where it was made, or fetch it with \`chipwright models pull ${model}\`.`,
        cause: opened.problem,
      },
    );
  }
  await generations.publish(number);
  say(shell, `Generation ${number} answers from now on: ${wanted}`);
  if (before !== undefined)
    say(
      shell,
      `Before, it was generation ${before.number}: ${await describe(generations, all, before.number)}`,
    );
}

async function rollback(shell: Shell): Promise<void> {
  const session = await openSession(shell);
  const generations = openGenerations(session.config, session.tools);
  const live = await generations.live();
  const previous = (await generations.list()).find(
    ({ number, encoder }) => number < live && encoder !== undefined,
  );
  if (previous === undefined) {
    throw new ChipwrightError(
      'usage_invalid',
      `There is no generation before ${live}, the one that answers.`,
      {
        cure: '`chipwright index list` shows those there are; `chipwright index publish N` makes any of them answer.',
      },
    );
  }
  await publish(shell, session, generations, previous.number);
  say(shell, 'Documents that changed since are taken in by the next `chipwright ingest`.');
}

/** Seconds in which a process that is storing documents just now gets further. */
const SETTLING = 60;

async function removeUnneeded(shell: Shell): Promise<void> {
  const { config, tools } = await openSession(shell);
  const generations = openGenerations(config, tools);
  const gone = await removeOutdated(generations);
  if (gone.length > 0) say(shell, `Removed: generation ${gone.join(', ')}.`);
  const { encoder, number } = (await generations.list()).find(({ live }) => live) ?? {};
  // One that was never filled need not be there at all.
  const removed =
    encoder === undefined || number === undefined
      ? 0
      : await withoutOrphans(shell, await generations.open(number, AS_BUILT));
  if (removed > 0) say(shell, `Removed: ${removed} passages that belonged to no document.`);
  if (gone.length === 0 && removed === 0) say(shell, 'Nothing to remove.');
}

async function withoutOrphans(shell: Shell, index: Index): Promise<number> {
  try {
    return await removeOrphans(index, async (found) => {
      say(
        shell,
        `${found} passages belong to no document; looking again in ${SETTLING} seconds, as somebody may be storing them.`,
      );
      await sleep(SETTLING * 1_000, undefined, { signal: shell.signal });
    });
  } finally {
    await index.close();
  }
}

async function verify(shell: Shell, given: string | undefined, json: boolean): Promise<number> {
  const { config, tools } = await openSession(shell);
  const generations = openGenerations(config, tools);
  const number = given === undefined ? await generations.live() : toNumber(given);
  const index = await generations.open(number, AS_BUILT);
  const view = progressView(shell, tools.now);
  try {
    const { encoder } = await index.describe();
    const soundness = await verifyIndex(index, (done, total) =>
      view.show({ label: 'documents', done, total }),
    );
    view.end();
    const { documents, chunks: passages, contentHash, problems } = soundness;
    if (json) {
      say(
        shell,
        JSON.stringify({ number, encoder: encoder?.id ?? null, documents, passages, contentHash, problems }),
      );
    } else {
      const content = inWords({ encoder: encoder?.id ?? null, documents, passages });
      say(shell, [`Generation ${number}: ${content}`, ...problems, `Content: ${contentHash}`].join('\n'));
      say(
        shell,
        problems.length === 0
          ? 'It is sound.'
          : '`chipwright index gc` removes passages without a document; for anything else, build it anew with `chipwright ingest --rebuild`.',
      );
    }
    return problems.length === 0 ? EXIT.done : EXIT.failed;
  } finally {
    view.end();
    await index.close();
  }
}

async function copy(shell: Shell, options: { from: string; to: string }): Promise<void> {
  const from = oneOf('--from', options.from, ENGINES);
  const to = oneOf('--to', options.to, ENGINES);
  if (from === to) {
    throw new ChipwrightError('usage_invalid', '--from and --to name the same engine.', {
      cure: 'Name both: `--from sqlite --to qdrant`, or the other way round.',
    });
  }
  const { config, tools } = await openSession(shell);
  if (config.qdrant === null) {
    throw new ChipwrightError('usage_invalid', 'QDRANT_URL does not say where the Qdrant server is.', {
      cure: 'Set it, and QDRANT_API_KEY where the server asks for one; the other end is the data folder.',
    });
  }
  const source = openGenerations(config, tools, from === 'sqlite');
  const target = openGenerations(config, tools, to === 'sqlite');
  const index = await source.open(await source.live(), AS_BUILT);
  const view = progressView(shell, tools.now);
  try {
    const { number, soundness } = await copyIndex(target, index, {
      signal: shell.signal,
      onProgress: (done, total) => view.show({ label: 'passages', done, total }),
    });
    view.end();
    const { documents, chunks, contentHash } = soundness;
    say(
      shell,
      `Copied: ${documents} documents, ${chunks} passages; they answer as generation ${number} of ${to}.`,
    );
    say(shell, `Content: ${contentHash}`);
    say(
      shell,
      to === 'sqlite' ? 'Take QDRANT_URL away to use them.' : 'They are used wherever QDRANT_URL is set.',
    );
  } finally {
    view.end();
    await index.close();
  }
}

async function backup(shell: Shell, dir: string): Promise<void> {
  const { config, tools } = await openSession(shell);
  const generations = openGenerations(config, tools);
  await mkdir(dir, { recursive: true }).catch((cause: unknown) => {
    throw new ChipwrightError('usage_invalid', `The folder ${dir} cannot be made.`, {
      cure: 'Name a folder that this account may write to.',
      cause,
    });
  });
  const live = await generations.live();
  const view = progressView(shell, tools.now);
  const file = await generations
    .backup(live, dir, (done, total) => view.show({ label: `written of ${dir}`, done, total }))
    .finally(() => view.end());
  say(
    shell,
    `Generation ${live} is saved in ${file}. Save the folder \`models\` of the data folder with it.`,
  );
}

async function restore(shell: Shell, dir: string): Promise<void> {
  const session = await openSession(shell);
  const { config, tools } = session;
  const generations = openGenerations(config, tools);
  const view = progressView(shell, tools.now);
  try {
    const number = await generations.restore(dir, (done, total) =>
      view.show({ label: `read from ${dir}`, done, total }),
    );
    const index = await generations.open(number, AS_BUILT);
    const { problems } = await verifyIndex(index, (done, total) =>
      view.show({ label: 'documents checked', done, total }),
    ).finally(() => index.close());
    view.end();
    if (problems[0] !== undefined) {
      await generations.remove(number);
      throw new ChipwrightError(
        'index_unavailable',
        `The backup is not sound: ${problems[0]} Nothing was changed.`,
        {
          cure: 'Use another backup, or build the index anew with `chipwright ingest --rebuild`.',
        },
      );
    }
    await publish(shell, session, generations, number);
  } finally {
    view.end();
  }
}

function toNumber(text: string): number {
  return wholeNumber('The generation', text, 1, 1_000_000_000);
}

async function contentOf(
  generations: Generations,
  { number, encoder }: Generation,
): Promise<Pick<IndexDescription, 'documents' | 'chunks'>> {
  // One that was never filled need not be there at all.
  if (encoder === undefined) return { documents: 0, chunks: 0 };
  const index = await generations.open(number, AS_BUILT);
  return index.describe().finally(() => index.close());
}

async function describe(
  generations: Generations,
  all: readonly Generation[],
  number: number,
): Promise<string> {
  const generation = all.find((one) => one.number === number);
  if (generation === undefined) throw noGeneration(number);
  const { documents, chunks: passages } = await contentOf(generations, generation);
  return inWords({ encoder: generation.encoder ?? null, documents, passages });
}

function inWords(content: {
  readonly encoder: string | null;
  readonly documents: number;
  readonly passages: number;
}): string {
  const { encoder, documents, passages } = content;
  if (documents === 0 && passages === 0) return 'empty';
  return `${documents} documents, ${passages} passages, ${encoder === null ? 'words only' : `encoder ${encoder}`}`;
}
