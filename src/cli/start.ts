// `chipwright start`: fetch the model, index the documents, connect what is configured, answer.
import { Command } from 'commander';
import type { Source } from '../../ingest/source.js';
import { sync } from '../../ingest/sync.js';
import { type Config, missingFor } from '../config.js';
import { ChipwrightError } from '../errors.js';
import {
  HANDBOOK,
  handbook,
  type Library,
  openAssistant,
  openSource,
  type Service,
  type Tools,
} from '../main.js';
import { progressView, showIngest } from './progress.js';
import { serveUntilStopped } from './serve.js';
import { openSession, withLibrary } from './session.js';
import { type Shell, say, warn } from './shell.js';

export function startCommand(shell: Shell): Command {
  return new Command('start')
    .description('Start the assistant: in this terminal, and on every platform that is configured.')
    .option('--docs <dirs...>', 'index these folders instead of the handbook')
    .addHelpText('after', '\nExample:\n  chipwright start --docs ./docs')
    .action(async (options: { docs?: string[] }) => {
      const { config, tools } = await openSession(shell);
      await withLibrary(shell, { config, tools }, true, async (library) => {
        await indexDocuments(shell, config, tools, library, options.docs ?? []);
        if (shell.signal.aborted) return;
        const assistant = openAssistant(config, tools, library);
        const connectsPlatforms = config.slack !== null || config.teams !== null;
        // A service started without a terminal must not take its end of input for a goodbye.
        const terminal = shell.stdin.isTTY === true || !connectsPlatforms;
        say(shell, describeConnections(config));
        await serveUntilStopped(shell, config, tools, assistant, terminal, (service) =>
          sayConnected(shell, config, service),
        );
      });
    });
}

async function indexDocuments(
  shell: Shell,
  config: Config,
  tools: Tools,
  { index, encoder }: Library,
  dirs: readonly string[],
): Promise<void> {
  const folders = dirs.length > 0 ? dirs.map((dir) => ({ dir, audience: 'public' })) : config.sources;
  const sources: Source[] = folders.length === 0 ? [handbook()] : await Promise.all(folders.map(openSource));
  if (folders.length > 0) await index.remove([...(await index.contentHashes(HANDBOOK)).keys()]);
  for (const source of sources) {
    const view = progressView(shell, tools.now);
    const { log, now } = tools;
    const held = (await index.contentHashes(source.name)).size;
    const summary = await sync(source, {
      index,
      encoder,
      log,
      now,
      signal: shell.signal,
      onProgress: showIngest(view),
    })
      .catch((error: unknown) => {
        // A mount that went away must not keep a service from answering with what it has.
        if (!(error instanceof ChipwrightError) || error.code !== 'document_unreadable' || held === 0)
          throw error;
        warn(shell, `${error.message} ${error.cure}`);
        return undefined;
      })
      .finally(() => view.end());
    if (summary === undefined) continue;
    for (const { path, reason } of summary.skipped) warn(shell, `skipped ${path}: ${reason}`);
    say(shell, `${source.name}: ${summary.documents} documents, ${summary.chunks} passages.`);
  }
}

/** What is configured, and for what is not: which variables are missing and where to get them. */
function describeConnections(config: Config): string {
  const missing = (platform: 'slack' | 'teams' | 'languageModel', without: string) =>
    [without, ...missingFor(config, platform).map((line) => `    ${line}`)].join('\n');
  return [
    config.slack === null
      ? missing('slack', 'Slack: not connected. Set SLACK_BOT_TOKEN and one of the other two:')
      : `Slack: connecting by ${config.slack.appToken === undefined ? 'HTTP' : 'Socket Mode'}.`,
    config.teams === null ? missing('teams', 'Teams: not connected. Set:') : 'Teams: configured.',
    config.languageModel === null
      ? missing(
          'languageModel',
          'Language model: none; answers are quotes from the documents. For written answers set OPENAI_MODEL and one of the other two:',
        )
      : `Language model: ${config.languageModel.model}.`,
  ].join('\n');
}

/** What is connected now, as each platform itself tells it, and where the server listens. */
async function sayConnected(shell: Shell, config: Config, { platforms, port }: Service): Promise<void> {
  for (const platform of platforms.filter(({ name }) => name !== 'terminal')) {
    const { ok, detail } = await platform.check();
    say(shell, `${platform.name}: ${ok ? 'connected' : 'not connected'}, ${detail}`);
  }
  if (port === undefined) return;
  const at = `http://${config.server.host}:${port}`;
  const paths = platforms.flatMap(({ routes }) => routes.map(({ path }) => `${at}${path}`));
  say(shell, `Listening: ${[...new Set(paths)].join(', ')}`);
}
