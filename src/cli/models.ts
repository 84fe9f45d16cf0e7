// `chipwright models`: which encoders are here, whether they are whole, and how to get one.
import { Command } from 'commander';
import { ChipwrightError } from '../errors.js';
import { modelStore } from '../main.js';
import type { ModelStatus } from '../retrieval/encoder/model-store.js';
import { progressView, showDownload } from './progress.js';
import { openSession } from './session.js';
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
      say(
        shell,
        options.json
          ? JSON.stringify({ models: list })
          : list.map((model) => describe(model, config.encoder)).join('\n'),
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
      say(shell, describe(model, config.encoder));
    });
  models
    .command('verify')
    .argument('[name]', 'default: the configured encoder')
    .description('Compare every file of a model with its checksum.')
    .addHelpText('after', '\nExample:\n  chipwright models verify')
    .action(async (name: string | undefined) => {
      const { config, tools } = await openSession(shell);
      const store = modelStore(config, tools);
      const model = await store.verify(name ?? config.encoder);
      if (model.dimensions === 0) {
        throw new ChipwrightError('usage_invalid', `There is no model named ${model.name}.`, {
          cure: '`chipwright models list` shows those that are known or here.',
        });
      }
      say(shell, describe(model, config.encoder));
      exit(model.present && model.problems.length === 0 ? EXIT.done : EXIT.failed);
    });
  return models;
}

function describe(model: ModelStatus, inUse: string): string {
  const { name, present, source, sizeBytes, dimensions, licence, problems } = model;
  const state = !present
    ? `not here; \`chipwright models pull ${name}\` fetches it`
    : problems.length > 0
      ? problems.join(' ')
      : `${(sizeBytes / 1024 / 1024).toFixed(0)} MiB from ${source}`;
  return `${name === inUse ? '*' : ' '} ${name} (${dimensions} dimensions, ${licence}): ${state}`;
}
