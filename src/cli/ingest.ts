// `chipwright ingest DIR...`: brings the index up to date with folders of documents.
import { Command } from 'commander';
import type { Source } from '../../ingest/source.js';
import { type IngestSummary, sync } from '../../ingest/sync.js';
import type { SourceConfig } from '../config.js';
import { ChipwrightError } from '../errors.js';
import { type Library, liveEncoderName } from '../library.js';
import { openSource } from '../main.js';
import { buildAnew } from '../retrieval/publish.js';
import { isAudienceTag, PUBLIC } from '../safety/access.js';
import { progressView, showIngest } from './progress.js';
import { openSession, withEncoder, withLibrary } from './session.js';
import { EXIT, type Shell, say, warn } from './shell.js';

interface Options {
  link?: string;
  name?: string;
  audience: string;
  strict: boolean;
  rebuild: boolean;
  allowEmpty: boolean;
  json: boolean;
}

export function ingestCommand(shell: Shell, exit: (code: number) => void): Command {
  return new Command('ingest')
    .description(
      'Index folders of documents; only what changed costs time. Without DIR: the sources of chipwright.yaml.',
    )
    .argument('[dirs...]', 'folders of documents')
    .option(
      '--link <template>',
      'link to a document, such as https://host/org/repo/blob/{commit}/{path}#L{line}; with {commit}, DIR is a git checkout',
    )
    .option('--name <name>', 'name of the source (one DIR only); default: its path')
    .option('--audience <tag>', 'who may read these documents', PUBLIC)
    .option('--strict', 'exit 1 when a file was skipped', false)
    .option('--rebuild', 'build the index anew, as after a change of model', false)
    .option('--allow-empty', 'a folder without documents is meant to be empty: remove what it had', false)
    .option('--json', 'print the summary as JSON', false)
    .addHelpText(
      'after',
      '\nExample:\n  chipwright ingest ./docs --link https://git.example.com/chip/docs/blob/{commit}/{path}#L{line}',
    )
    .action(async (dirs: string[], options: Options) => {
      const session = await openSession(shell);
      const chosen = chooseSources(dirs, options, session.config.sources);
      const sources = await Promise.all(chosen.map(openSource));
      // Before anything is downloaded or built: a mistyped folder is known at once.
      for (const source of sources) await requireListing(source, shell.signal);
      const fill = async ({ index, encoder }: Pick<Library, 'index' | 'encoder'>) => {
        const summaries: IngestSummary[] = [];
        for (const source of sources) {
          const view = progressView(shell, session.tools.now);
          const onProgress = showIngest(view);
          const { log, now } = session.tools;
          const { allowEmpty } = options;
          const tools = { index, encoder, log, now, signal: shell.signal, onProgress, allowEmpty };
          summaries.push(await sync(source, tools).finally(() => view.end()));
        }
        return total(summaries);
      };
      const summary = options.rebuild
        ? await withEncoder(
            shell,
            session,
            await liveEncoderName(session.config, session.tools),
            ({ generations, encoder }) =>
              buildAnew({ generations, encoder }, (index) => fill({ index, encoder })),
          )
        : await withLibrary(shell, session, { pull: true }, fill);
      report(shell, summary, options.json);
      exit(options.strict && summary.skipped.length > 0 ? EXIT.failed : EXIT.done);
    });
}

function chooseSources(
  dirs: readonly string[],
  options: Options,
  configured: readonly SourceConfig[],
): SourceConfig[] {
  if (!isAudienceTag(options.audience)) {
    throw new ChipwrightError('usage_invalid', `--audience is ${JSON.stringify(options.audience)}.`, {
      cure: 'Give a name of lower-case letters, digits, dots, dashes, colons and underscores.',
    });
  }
  if (options.name !== undefined && dirs.length !== 1) {
    throw new ChipwrightError('usage_invalid', '--name names one source, so it needs exactly one DIR.', {
      cure: 'Ingest the folders one by one, or leave --name out.',
    });
  }
  if (dirs.length === 0 && configured.length === 0) {
    throw new ChipwrightError('usage_invalid', 'No folder to ingest was given.', {
      cure: 'Name one: `chipwright ingest DIR`; or list your sources in chipwright.yaml.',
    });
  }
  if (dirs.length === 0) return [...configured];
  return dirs.map((dir) => ({
    dir,
    audience: options.audience,
    ...(options.name === undefined ? {} : { name: options.name }),
    ...(options.link === undefined ? {} : { link: options.link }),
  }));
}

/** Rejects with `document_unreadable` when the source cannot be listed. */
async function requireListing(source: Source, signal: AbortSignal): Promise<void> {
  for await (const _ of source.list(signal)) return;
}

/** The sums of all sources. */
export function total(summaries: readonly IngestSummary[]): IngestSummary {
  const sum = (pick: (summary: IngestSummary) => number) =>
    summaries.reduce((all, one) => all + pick(one), 0);
  return {
    documents: sum(({ documents }) => documents),
    chunks: sum(({ chunks }) => chunks),
    added: sum(({ added }) => added),
    changed: sum(({ changed }) => changed),
    removed: sum(({ removed }) => removed),
    unchanged: sum(({ unchanged }) => unchanged),
    skipped: summaries.flatMap(({ skipped }) => skipped),
    seconds: sum(({ seconds }) => seconds),
  };
}

function report(shell: Shell, summary: IngestSummary, json: boolean): void {
  if (json) {
    say(shell, JSON.stringify(summary));
    return;
  }
  const { documents, chunks, added, changed, removed, unchanged, skipped, seconds } = summary;
  for (const { path, reason } of skipped) warn(shell, `skipped ${path}: ${reason}`);
  say(
    shell,
    `${documents} documents, ${chunks} passages: ${added} added, ${changed} changed, ${removed} removed, ` +
      `${unchanged} unchanged, ${skipped.length} skipped, in ${seconds.toFixed(1)} s.`,
  );
}
