// `chipwright start`: fetch the model, index the documents, connect what is configured, answer.
import { Command } from 'commander';
import { type Config, missingFor } from '../config.js';
import { noAudit } from '../conversation/audit.js';
import { dependenciesOf } from '../dependencies.js';
import { type Library, modelStore } from '../library.js';
import { auditFolder, openAssistant, type Service, tuningFolder } from '../main.js';
import { AuditLog } from '../operations/audit-log.js';
import { Health } from '../operations/health.js';
import { type RunningServer, startHttpServer } from '../operations/http-server.js';
import { prometheusMetrics } from '../operations/prometheus.js';
import { Documents } from './documents.js';
import { ScheduledTuning, tuneProcess } from './scheduled-tuning.js';
import { serveUntilStopped } from './serve.js';
import { openSession, type Session, withLibrary } from './session.js';
import { type Shell, say } from './shell.js';

export function startCommand(shell: Shell): Command {
  return new Command('start')
    .description('Start the assistant: in this terminal, and on every platform that is configured.')
    .option('--docs <dirs...>', 'index these folders instead of the handbook')
    .addHelpText('after', '\nExample:\n  chipwright start --docs ./docs')
    .action(async (options: { docs?: string[] }) => {
      const { config, tools: ownTools } = await openSession(shell);
      const { log, now } = ownTools;
      const { metrics, route } = prometheusMetrics(now);
      const audit = config.audit ? new AuditLog({ folder: auditFolder(config), log, metrics }) : undefined;
      const session: Session = { config, tools: { ...ownTools, metrics, audit: audit ?? noAudit } };
      const over = new AbortController();
      const stopping = AbortSignal.any([shell.signal, over.signal]);
      const health = new Health({ now, log, metrics, stopping });
      // First of all: a taken port is known at once, and probes are answered while documents are read.
      const server = config.server.needed
        ? await startHttpServer([...health.routes, route], { ...config.server, log })
        : undefined;
      try {
        const dirs = options.docs ?? [];
        await startAnswering(shell, session, { health, server, dirs, stopping, stop: () => over.abort() });
      } finally {
        await server?.stop();
        await audit?.close();
      }
    });
}

interface StartParts {
  readonly health: Health;
  readonly server: RunningServer | undefined;
  readonly dirs: readonly string[];
  /** Aborts when the process is told to stop, and when `stop` is called. */
  readonly stopping: AbortSignal;
  readonly stop: () => void;
}

async function startAnswering(shell: Shell, session: Session, parts: StartParts): Promise<void> {
  const { config, tools } = session;
  const { health, server, dirs, stopping } = parts;
  await withLibrary(shell, session, { pull: true, patient: true }, async (library) => {
    const documents = new Documents(shell, session, { library, dirs, stopping });
    const tuning = openScheduledTuning(shell, session, library, stopping);
    await documents.index();
    if (shell.signal.aborted) return;
    const assistant = openAssistant(config, tools, library);
    const connectsPlatforms = config.slack !== null || config.teams !== null;
    // A service started without a terminal must not take its end of input for a goodbye.
    const terminal = shell.stdin.isTTY === true || !connectsPlatforms;
    say(shell, describeConnections(config));
    await serveUntilStopped(shell, config, tools, assistant, {
      terminal,
      server,
      async onStarted(service) {
        await health.watch(dependenciesOf(config, tools, { library, documents, tuning, service }));
        await sayConnected(shell, config, service, server);
      },
    });
    parts.stop();
    await documents.settled();
    await tuning?.settled();
  });
}

/** Undefined when no run is wanted. */
function openScheduledTuning(
  shell: Shell,
  { config, tools }: Session,
  library: Library,
  stopping: AbortSignal,
): ScheduledTuning | undefined {
  if (config.tuning === null) return undefined;
  return new ScheduledTuning({
    ...{ schedule: config.tuning, folder: tuningFolder(config), stopping, tools },
    documents: async () => (await library.index.describe()).documents,
    lastTuned: async () =>
      (await modelStore(config, tools).list()).find(({ tuning }) => tuning !== null)?.tuning?.date ?? null,
    tune: tuneProcess(shell),
  });
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
async function sayConnected(
  shell: Shell,
  config: Config,
  { platforms }: Service,
  server: RunningServer | undefined,
): Promise<void> {
  for (const platform of platforms.filter(({ name }) => name !== 'terminal')) {
    const { ok, detail } = await platform.check();
    say(shell, `${platform.name}: ${ok ? 'connected' : 'not connected'}, ${detail}`);
  }
  if (server === undefined) return;
  const at = `http://${config.server.host}:${server.port}`;
  const paths = platforms.flatMap(({ routes }) => routes.map(({ path }) => `${at}${path}`));
  say(shell, `Listening: ${[...new Set(paths), `${at}/readyz`].join(', ')}`);
}
