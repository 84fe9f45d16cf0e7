// `chipwright models`: which encoders are here, whether they are whole, and how to get one.
import { Command } from 'commander';
import { ChipwrightError } from '../errors.js';
import { signed, withInterval } from '../evaluation/figures.js';
import { liveEncoderName, modelStore } from '../library.js';
import type { ModelStatus } from '../retrieval/encoder/model-store.js';
import type { TuningRecord } from '../retrieval/encoder/tuning-record.js';
import { switchEncoder } from '../retrieval/publish.js';
import { progressView, showDownload } from './progress.js';
import { openSession, withEncoder, withLibrary } from './session.js';
import { EXIT, type Shell, say } from './shell.js';

export function modelsCommand(shell: Shell, exit: (code: number) => void): Command {
  const models = new Command('models').description('List, fetch and check the encoder models.');
  models
    .command('list')
    .description('Show the models that are known or here.')
    .option('--json', 'print JSON', false)
    .addHelpText('after', '\nExample:\n  chipwright models list')
    .action(async (options: { json: boolean }) => {
      const { config, tools } = await openSession(shell);
      const list = await modelStore(config, tools).list();
      const inUse = await liveEncoderName(config, tools);
      say(
        shell,
        options.json
          ? JSON.stringify({ models: list.map((model) => ({ ...model, inUse: model.name === inUse })) })
          : list.map((model) => describe(model, inUse)).join('\n'),
      );
    });
  models
    .command('pull')
    .argument('[name]', 'default: the configured encoder')
    .description('Fetch a model, unless it is here and whole.')
    .addHelpText('after', '\nExample:\n  chipwright models pull bge-small-en-v1.5')
    .action(async (name: string | undefined) => {
      const { config, tools } = await openSession(shell);
      const view = progressView(shell, tools.now);
      const model = await modelStore(config, tools, showDownload(view))
        .pull(name ?? config.encoder)
        .finally(() => view.end());
      say(shell, describe(model, await liveEncoderName(config, tools)));
    });
  models
    .command('use')
    .argument('<name>', 'a model that `models list` shows')
    .description('Answer with this model from now on: builds the index for it, then switches.')
    .addHelpText('after', '\nExample:\n  chipwright models use bge-small-en-v1.5')
    .action((name: string) => useModel(shell, name));
  models
    .command('verify')
    .argument('[name]', 'default: the encoder in use')
    .description('Compare every file of a model with its checksum.')
    .addHelpText('after', '\nExample:\n  chipwright models verify')
    .action(async (name: string | undefined) => {
      const { config, tools } = await openSession(shell);
      const store = modelStore(config, tools);
      const inUse = await liveEncoderName(config, tools);
      const model = await store.verify(name ?? inUse);
      if (model.dimensions === 0) {
        throw new ChipwrightError('usage_invalid', `There is no model named ${model.name}.`, {
          cure: '`chipwright models list` shows those that are known or here.',
        });
      }
      say(shell, describe(model, inUse));
      exit(model.present && model.problems.length === 0 ? EXIT.done : EXIT.failed);
    });
  return models;
}

async function useModel(shell: Shell, name: string): Promise<void> {
  const session = await openSession(shell);
  const { config, tools } = session;
  const base = await modelStore(config, tools).baseOf(name);
  if (base !== config.encoder) {
    throw new ChipwrightError('usage_invalid', `${name} is not ${config.encoder}, nor tuned from it.`, {
      cure: `Set \`encoder: ${base}\` in chipwright.yaml first.`,
    });
  }
  if ((await liveEncoderName(config, tools)) === name) {
    say(shell, `${name} is in use already.`);
    return;
  }
  await withLibrary(shell, session, { pull: false }, ({ index }) =>
    withEncoder(shell, session, name, async (parts) => {
      if (parts.encoder === null) throw unusable(name);
      const view = progressView(shell, tools.now);
      const onProgress = (done: number, total: number) => view.show({ label: 'passages', done, total });
      await switchEncoder(parts, index, { signal: shell.signal, onProgress }).finally(() => view.end());
    }),
  );
  say(shell, `${name} answers from now on; a running service takes it up by itself.`);
}

function unusable(name: string): ChipwrightError {
  return new ChipwrightError('model_missing', `The model ${name} cannot be used; nothing was changed.`, {
    cure: '`chipwright models verify` says what is wrong with it.',
  });
}

function describe(model: ModelStatus, inUse: string): string {
  const { name, present, source, base, sizeBytes, dimensions, licence, tuning, problems } = model;
  const state = !present
    ? `not here; \`chipwright models pull ${name}\` fetches it`
    : problems.length > 0
      ? problems.join(' ')
      : `${(sizeBytes / 1024 / 1024).toFixed(0)} MiB ${base === null ? `from ${source}` : `tuned from ${base}`}`;
  const line = `${name === inUse ? '*' : ' '} ${name} (${dimensions} dimensions, ${licence}): ${state}`;
  return tuning === null ? line : `${line}\n    ${history(tuning)}`;
}

/** The team's own questions tell most; they stand behind those that were made. */
function history({ date, pairs, measure, sets }: TuningRecord): string {
  const made = `${date.slice(0, 10)}, ${pairs} pairs`;
  const judging = sets.filter(({ general }) => !general).at(-1);
  if (judging === undefined) return made;
  const { name, dense, hybrid } = judging;
  const change = `dense ${withInterval(dense.change, signed)}, hybrid ${withInterval(hybrid.change, signed)}`;
  return `${made}; ${measure} of ${name}: ${change}`;
}
