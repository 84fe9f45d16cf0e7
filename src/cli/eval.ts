// `chipwright eval retrieval`: how often the right passage is found, measured on questions with known answers.
import { constants } from 'node:fs';
import { access, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Command } from 'commander';
import { ChipwrightError } from '../errors.js';
import { type Configuration, needsEncoder, partsAtWork } from '../evaluation/configuration.js';
import { readEvaluationSet } from '../evaluation/data-set.js';
import { Ranker } from '../evaluation/ranker.js';
import { retrievalJson } from '../evaluation/retrieval-json.js';
import { retrievalReport } from '../evaluation/retrieval-report.js';
import { type Run, summarise } from '../evaluation/retrieval-summary.js';
import { terminalTable } from '../evaluation/terminal-table.js';
import { liveEncoderName, modelStore } from '../library.js';
import { openEncoder } from '../retrieval/encoder/onnx-encoder.js';
import { RETRIEVAL_MODES } from '../retrieval/retriever.js';
import { readAgainst, readModel, readParts } from './eval-options.js';
import { addMakeQuestions } from './make-questions.js';
import { progressView, showDownload } from './progress.js';
import { openSession } from './session.js';
import { oneOf, type Shell, say, warn } from './shell.js';
import { ownVersion } from './version.js';

interface Options {
  corpus: string;
  queries: string;
  qrels: string;
  model?: string;
  mode: string;
  without?: string;
  against?: string[];
  ablation: boolean;
  report?: string;
  json: boolean;
}

export function evalCommand(shell: Shell): Command {
  const evaluation = new Command('eval').description('Measure how good the assistant is.');
  evaluation
    .command('retrieval')
    .description('Score the retriever on a corpus, questions and judgements (JSON lines).')
    .requiredOption('--corpus <file>', 'id, title, text')
    .requiredOption('--queries <file>', 'id, text')
    .requiredOption('--qrels <file>', 'query_id, doc_id, relevance')
    .option('--model <name>', 'encoder; default: the one in use')
    .option('--mode <mode>', RETRIEVAL_MODES.join(', '), 'hybrid')
    .option('--without <parts>', 'leave parts out: clauses,pairs')
    .option('--against <way...>', 'compare with this: a mode, a model, without=PARTS, or several of them')
    .option('--ablation', 'switch each part off in turn, to see what it adds', false)
    .option('--report <file>', 'write a report, one HTML file')
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      '\nExamples:\n' +
        '  chipwright eval retrieval --corpus c.jsonl --queries q.jsonl --qrels r.jsonl --against lexical\n' +
        '  chipwright eval retrieval --corpus c.jsonl --queries q.jsonl --qrels r.jsonl --report report.html',
    )
    .action((options: Options) => evaluateRetrieval(shell, options));
  addMakeQuestions(evaluation, shell);
  return evaluation;
}

async function evaluateRetrieval(shell: Shell, options: Options): Promise<void> {
  const { config, tools } = await openSession(shell);
  const view = progressView(shell, tools.now);
  const store = modelStore(config, tools, showDownload(view));
  const models = (await store.list()).map(({ name }) => name);
  const ours: Configuration = {
    model:
      options.model === undefined
        ? await liveEncoderName(config, tools)
        : readModel('--model', options.model, models),
    mode: oneOf('--mode', options.mode, RETRIEVAL_MODES),
    without: readParts('--without', options.without ?? ''),
  };
  const against = options.against && readAgainst('--against', options.against, ours, models);
  if (options.report !== undefined) await requireWritable(options.report);
  const { corpus, queries, qrels: judgements } = options;
  const set = await readEvaluationSet({ corpus, queries, judgements });

  const ranker = new Ranker({
    set,
    folder: join(config.dataDir, 'evaluation'),
    async openEncoder(model) {
      await store.pull(model);
      view.end();
      return openEncoder(store.folder(model), { log: tools.log });
    },
    now: tools.now,
    signal: shell.signal,
    onProgress: (progress) => view.show(progress),
  });
  const run = async (configuration: Configuration): Promise<Run> => ({
    configuration,
    rankings: await ranker.rank(configuration),
  });
  try {
    const withReport = options.report !== undefined;
    const summary = summarise(set, {
      ours: await run(ours),
      against: against && (await run(against)),
      sides: withReport ? await inTurn(sidesOf(ours, against), run) : [],
      ablation:
        withReport || options.ablation
          ? await inTurn(partsAtWork(ours), async (part) => ({
              part,
              rankings: await ranker.rank({ ...ours, without: new Set([...ours.without, part]) }),
            }))
          : [],
    });
    view.end();
    if (options.report !== undefined) {
      const page = retrievalReport(summary, {
        files: { corpus: basename(corpus), queries: basename(queries), judgements: basename(judgements) },
        date: new Date(tools.now()).toISOString().slice(0, 10),
        version: await ownVersion(),
      });
      await writeFile(options.report, page).catch(cannotWrite(options.report));
      warn(shell, `Wrote ${options.report}.`);
    }
    say(shell, options.json ? JSON.stringify(retrievalJson(summary)) : terminalTable(summary));
  } finally {
    view.end();
    await ranker.close();
  }
}

/** The searches that ours is made of, unless they are measured anyway. */
function sidesOf(ours: Configuration, against: Configuration | undefined): Configuration[] {
  if (!needsEncoder(ours)) return [];
  const taken = [ours, ...(against === undefined ? [] : [against])].filter(
    ({ model }) => model === ours.model,
  );
  return RETRIEVAL_MODES.filter((mode) => taken.every((each) => each.mode !== mode)).map((mode) => ({
    ...ours,
    mode,
  }));
}

async function inTurn<T, R>(all: readonly T[], work: (one: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const one of all) results.push(await work(one));
  return results;
}

/** Rejects before minutes of work rather than after them. */
async function requireWritable(file: string): Promise<void> {
  try {
    await access(dirname(file), constants.W_OK);
    const there = await stat(file).catch(() => undefined);
    if (there?.isDirectory() === true) throw new Error('it is a folder');
    if (there !== undefined) await access(file, constants.W_OK);
  } catch (cause) {
    cannotWrite(file)(cause);
  }
}

function cannotWrite(file: string): (cause: unknown) => never {
  return (cause) => {
    throw new ChipwrightError('usage_invalid', `${file} cannot be written.`, {
      cure: 'Name a file in a folder that is there and may be written to: `--report FILE`.',
      cause,
    });
  };
}
