// `chipwright tune`: the retriever learns from the indexed documents, and takes over only when it is measurably better.
import { mkdir, writeFile } from 'node:fs/promises';
import { constants, setPriority } from 'node:os';
import { basename, join } from 'node:path';
import { Command } from 'commander';
import { ChipwrightError } from '../errors.js';
import { type EvaluationSet, readEvaluationSet } from '../evaluation/data-set.js';
import { modelStore } from '../library.js';
import { tuningFolder } from '../main.js';
import { encoderName } from '../retrieval/encoder/model-manifest.js';
import { openEncoder } from '../retrieval/encoder/onnx-encoder.js';
import { switchEncoder } from '../retrieval/publish.js';
import { lockFile } from '../storage/file-lock.js';
import { GENERAL_QUESTIONS } from '../training/general-questions.js';
import { type Ending, onRecord } from '../training/last-run.js';
import { writePairs } from '../training/pairs-file.js';
import { FEWEST_PAIRS, prepare, type TuneTools } from '../training/prepare.js';
import { RunFolder } from '../training/run-folder.js';
import { publishModel, runKey, type TuneOutcome, type TuneRequest, tune } from '../training/tune.js';
import { tuningRecord } from '../training/tuning-card.js';
import { tuningReport } from '../training/tuning-report.js';
import { DEFAULT_SETTINGS } from '../training/tuning-settings.js';
import { tuningTable } from '../training/tuning-table.js';
import { progressView } from './progress.js';
import { DEFAULT_REQUESTS, describePlan, describeWritten, openWriter } from './question-writer.js';
import { readRatings } from './ratings.js';
import { openSession, requireDocuments, type Session, withEncoder, withLibrary } from './session.js';
import { type Shell, say, warn, wholeNumber } from './shell.js';
import { ownVersion } from './version.js';

interface Options {
  samples: string;
  epochs: string;
  base?: string;
  corpus?: string;
  queries?: string;
  qrels?: string;
  /** True when it stands without a number. */
  llm?: string | true;
  pairsOnly: boolean;
  dryRun: boolean;
  json: boolean;
}

export function tuneCommand(shell: Shell): Command {
  return new Command('tune')
    .description(
      'Tune the retriever on the indexed documents; it is published only when it is measurably better.',
    )
    .option('--samples <n>', 'pairs to learn from', '3000')
    .option('--epochs <n>', 'how often each is seen', '1')
    .option('--base <name>', 'the model to start from; default: the configured encoder')
    .option('--corpus <file>', 'passages of your own questions: id, title, text')
    .option('--queries <file>', 'your own questions, which judge: id, text')
    .option('--qrels <file>', 'which passages answer them: query_id, doc_id, relevance')
    .option(
      '--llm [requests]',
      `the language model writes questions too, in at most so many requests; default: ${DEFAULT_REQUESTS}`,
    )
    .option('--pairs-only', 'only write the pairs, for a person to read', false)
    .option('--dry-run', 'judge, but publish nothing', false)
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      '\nExample:\n  chipwright tune --corpus corpus.jsonl --queries queries.jsonl --qrels qrels.jsonl',
    )
    .action((options: Options) => tuneRetriever(shell, options));
}

async function tuneRetriever(shell: Shell, options: Options): Promise<void> {
  const samples = wholeNumber('--samples', options.samples, FEWEST_PAIRS, 1_000_000);
  const settings = { ...DEFAULT_SETTINGS, epochs: wholeNumber('--epochs', options.epochs, 1, 100) };
  const questions = await readQuestions(options);
  const session = await openSession(shell);
  const { config, tools } = session;
  const writer = openWriter(session, options.llm);
  const store = modelStore(config, tools);
  const base = options.base ?? config.encoder;
  if ((await store.baseOf(base)) !== config.encoder) {
    throw new ChipwrightError(
      'usage_invalid',
      `--base ${base} is not ${config.encoder}, nor tuned from it.`,
      {
        cure: `Set \`encoder: ${base}\` in chipwright.yaml and run \`chipwright ingest --rebuild\` first.`,
      },
    );
  }
  // The bot keeps answering while this runs.
  setPriority(constants.priority.PRIORITY_LOW);
  const folder = tuningFolder(config);
  await mkdir(folder, { recursive: true });
  const lock = lockFile(join(folder, 'run.lock'));
  if (lock === undefined) {
    throw new ChipwrightError('overloaded', 'Another tuning run is at work.', {
      cure: 'Wait until it is done, or stop it.',
    });
  }
  try {
    await withLibrary(shell, session, { pull: true }, async (library) => {
      await requireDocuments(library);
      if (library.encoder === null) throw library.encoderProblem ?? noEncoder();
      const answering = encoderName(library.encoder.id);
      const run = await RunFolder.open(join(folder, 'run'), {
        key: runKey({
          ...{ base, samples, settings, questions },
          writer: writer && { model: writer.languageModel.name, requests: writer.requests },
        }),
        name: await freeName(session, base),
        inUse: answering,
      });
      const view = progressView(shell, tools.now);
      const request: TuneRequest = {
        index: library.index,
        inUse: store.folder(run.inUse),
        base: store.folder(base),
        run,
        samples,
        settings,
        questions,
        rated: await readRatings(session),
        general: GENERAL_QUESTIONS,
        writer,
      };
      const tuneTools: TuneTools = {
        openEncoder: (path) => openEncoder(path, { log: tools.log }),
        now: tools.now,
        signal: shell.signal,
        log: tools.log,
        onProgress: ({ stage, done, total, detail }) =>
          view.show({ label: `${stage} ${detail}`, done, total }),
        onPlan(plan) {
          view.end();
          warn(shell, describePlan(plan));
        },
      };
      if (options.pairsOnly) {
        const { examples, written } = await prepare(request, tuneTools).finally(() => view.end());
        const file = join(folder, 'pairs.jsonl');
        await writePairs(file, examples);
        const pairs = examples.length;
        if (options.json) say(shell, JSON.stringify({ pairs, file, languageModel: written ?? null }));
        else say(shell, [`${pairs} pairs in ${file}.`, ...describeWritten(written)].join('\n'));
        return;
      }
      const publish = (name: string) =>
        withEncoder(shell, session, name, (parts) =>
          switchEncoder(parts, library.index, {
            signal: shell.signal,
            onProgress: (done, total) => view.show({ label: 'publishing', done, total }),
          }).finally(() => view.end()),
        );
      const endView = () => view.end();
      const parts = { request, tuneTools, endView, answering, publish };
      const work = () => tuneToEnd(shell, session, options, parts);
      const { documents } = await library.index.describe();
      if (options.dryRun) await work();
      else await onRecord(folder, { documents, now: tools.now }, work);
    });
  } finally {
    lock.release();
  }
}

interface TuneParts {
  readonly request: TuneRequest;
  readonly tuneTools: TuneTools;
  readonly endView: () => void;
  /** Name of the model that answers at the moment. */
  readonly answering: string;
  /** Makes a model of the store answer. */
  readonly publish: (name: string) => Promise<void>;
}

/** Tunes, publishes what passed the gate, and tells how it went. */
async function tuneToEnd(
  shell: Shell,
  { config, tools }: Session,
  options: Options,
  { request, tuneTools, endView, answering, publish }: TuneParts,
): Promise<Ending> {
  const { run, base } = request;
  const started = tools.now();
  const date = new Date(started).toISOString();
  const outcome = await tune(request, tuneTools).finally(endView);
  const { chosen, judged } = outcome;
  const published = chosen !== undefined && !options.dryRun;
  // A run that was killed after it had published is only brought to its end.
  if (published && answering !== run.name) {
    const folder = modelStore(config, tools).folder(run.name);
    await publishModel(chosen.candidate, folder, tuningRecord(outcome, chosen, date));
    await publish(run.name);
  }
  const report = join(tuningFolder(config), `${run.name}.html`);
  const page = tuningReport(outcome, {
    ...{ name: run.name, base: basename(base), inUse: run.inUse, published },
    date: date.slice(0, 10),
    version: await ownVersion(),
  });
  await writeFile(report, page);
  await run.remove();
  const seconds = (tools.now() - started) / 1_000;
  conclude(shell, options.json, { outcome, name: run.name, published, report, seconds });
  const reasons =
    chosen === undefined ? judged.flatMap(({ verdict }) => verdict.reasons) : chosen.verdict.reasons;
  return { outcome: published ? 'published' : 'declined', reason: [...new Set(reasons)].join(' ') };
}

async function readQuestions({ corpus, queries, qrels }: Options): Promise<EvaluationSet | null> {
  if (corpus === undefined && queries === undefined && qrels === undefined) return null;
  if (corpus !== undefined && queries !== undefined && qrels !== undefined)
    return readEvaluationSet({ corpus, queries, judgements: qrels });
  throw new ChipwrightError('usage_invalid', '--corpus, --queries and --qrels belong together.', {
    cure: 'Give all three, as `chipwright eval make-questions` writes them, or none.',
  });
}

/** `bge-small-en-v1.5-tuned-20261125`, with a number behind it when that is taken. */
async function freeName({ config, tools }: Session, base: string): Promise<string> {
  const taken = new Set((await modelStore(config, tools).list()).map(({ name }) => name));
  const root = await modelStore(config, tools).baseOf(base);
  const name = `${root}-tuned-${new Date(tools.now()).toISOString().slice(0, 10).replaceAll('-', '')}`;
  let free = name;
  for (let count = 2; taken.has(free); count++) free = `${name}-${count}`;
  return free;
}

function conclude(
  shell: Shell,
  json: boolean,
  result: { outcome: TuneOutcome; name: string; published: boolean; report: string; seconds: number },
): void {
  const { outcome, name, published, report, seconds } = result;
  if (json) {
    say(
      shell,
      JSON.stringify({
        name,
        published,
        seconds,
        pairs: outcome.examples.length,
        languageModel: outcome.written ?? null,
        training: outcome.training,
        candidates: outcome.judged.map(({ candidate, verdict, results }) => ({
          label: candidate.label,
          ...verdict,
          results: results.map(({ set, mode, inUse, candidate: after, difference }) => ({
            set,
            mode,
            inUse: inUse.scores,
            candidate: after.scores,
            difference,
          })),
        })),
        report,
      }),
    );
    return;
  }
  for (const line of describeWritten(outcome.written)) say(shell, line);
  say(shell, tuningTable(outcome));
  say(
    shell,
    published
      ? `${name} answers from now on; a running service takes it up by itself. \`chipwright models use\` goes back.`
      : 'Nothing was changed.',
  );
  warn(shell, `Wrote ${report}. ${Math.round(seconds / 60)} min.`);
}

function noEncoder(): ChipwrightError {
  return new ChipwrightError('model_missing', 'There is no encoder to tune.', {
    cure: 'Run `chipwright models pull`.',
  });
}
