// `chipwright eval retrieval`: how often the right passage is found, measured on questions with known answers.
import { createHash } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Command } from 'commander';
import { indexCorpus, rank } from '../evaluation/corpus-index.js';
import { type EvaluationSet, readEvaluationSet } from '../evaluation/data-set.js';
import {
  compare,
  type Measure,
  type Rankings,
  type Scores,
  score,
} from '../evaluation/retrieval-evaluation.js';
import type { Library } from '../main.js';
import { HybridRetriever, type RetrieverPart } from '../retrieval/hybrid-retriever.js';
import type { RetrievalMode } from '../retrieval/retriever.js';
import { openSqliteIndex } from '../retrieval/sqlite-index.js';
import { progressView } from './progress.js';
import { MODES } from './search.js';
import { openSession, type Session, withLibrary } from './session.js';
import { oneOf, type Shell, say } from './shell.js';

interface Options {
  corpus: string;
  queries: string;
  qrels: string;
  mode: string;
  against?: string;
  clauses: boolean;
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
    .option('--mode <mode>', MODES.join(', '), 'hybrid')
    .option('--against <mode>', 'compare with this mode, question by question')
    .option('--no-clauses', 'search each question as a whole only; with --against, on that side alone')
    .option('--json', 'print JSON', false)
    .addHelpText(
      'after',
      '\nExample:\n  chipwright eval retrieval --corpus c.jsonl --queries q.jsonl --qrels r.jsonl --against lexical',
    )
    .action(async (options: Options) => {
      const mode = oneOf('--mode', options.mode, MODES);
      const against = options.against === undefined ? undefined : oneOf('--against', options.against, MODES);
      const session = await openSession(shell);
      const { corpus, queries, qrels: judgements } = options;
      const set = await readEvaluationSet({ corpus, queries, judgements });
      await withLibrary(
        shell,
        session,
        mode !== 'lexical' || (against ?? mode) !== 'lexical',
        async (library) => {
          const rankings = await rankAll(
            shell,
            session,
            library,
            set,
            against === undefined
              ? [{ mode, clauses: options.clauses }]
              : [
                  { mode, clauses: true },
                  { mode: against, clauses: options.clauses },
                ],
          );
          const ours = rankings[0] ?? [];
          const theirs = rankings[1];
          const result = {
            mode,
            encoder: library.encoder?.name ?? null,
            n: set.questions.length,
            passages: set.corpus.length,
            ...score(set, ours),
            ...(theirs === undefined
              ? {}
              : {
                  against: { mode: against, ...score(set, theirs) },
                  difference: compare(set, ours, theirs),
                }),
          };
          if (options.json) say(shell, JSON.stringify(result));
          else
            say(
              shell,
              table(set, result, theirs === undefined ? undefined : compare(set, ours, theirs), against),
            );
        },
      );
    });
  return evaluation;
}

/** Keeps the encoded corpus in the data folder, so that the same corpus is encoded once per encoder. */
async function rankAll(
  shell: Shell,
  { config, tools }: Session,
  { encoder }: Library,
  set: EvaluationSet,
  ways: readonly { readonly mode: RetrievalMode; readonly clauses: boolean }[],
): Promise<Rankings[]> {
  const folder = join(config.dataDir, 'evaluation');
  await mkdir(folder, { recursive: true });
  const key = createHash('sha256')
    .update(JSON.stringify([encoder?.id ?? null, set.corpus]))
    .digest('hex')
    .slice(0, 16);
  const index = openSqliteIndex(join(folder, `${key}.sqlite`), { encoder });
  const view = progressView(shell, tools.now);
  try {
    await indexCorpus(set.corpus, index, encoder, (done, total) =>
      view.show({ label: 'passages encoded', done, total }),
    );
    view.end();
    const rankings: Rankings[] = [];
    for (const { mode, clauses } of ways) {
      const without = new Set<RetrieverPart>(clauses ? [] : ['clauses']);
      const retriever = new HybridRetriever({ index, encoder, now: tools.now, without });
      rankings.push(await rank(set, retriever, mode));
    }
    return rankings;
  } finally {
    view.end();
    await index.close();
  }
}

const SHOWN = [
  'microRecall@1',
  'microRecall@5',
  'microRecall@8',
  'microRecall@10',
  'microRecall@15',
  'microRecall@20',
  'hit@1',
  'hit@5',
  'hit@10',
  'nDCG@10',
  'MRR@10',
];

function table(
  set: EvaluationSet,
  result: { mode: string; encoder: string | null },
  difference: Scores | undefined,
  against: string | undefined,
): string {
  const scores = result as unknown as Scores;
  const number = ({ value, low, high }: Measure) =>
    `${value.toFixed(3)} [${low.toFixed(3)}, ${high.toFixed(3)}]`;
  const head = `${set.questions.length} questions, ${set.corpus.length} passages, ${result.mode}, encoder ${result.encoder ?? 'none'}; 95 % bootstrap intervals`;
  const rows = SHOWN.flatMap((name) => {
    const own = scores[name];
    const change = difference?.[name];
    if (own === undefined) return [];
    const row = `${name.padEnd(16)} ${number(own)}`;
    return [
      change === undefined
        ? row
        : `${row}   against ${against}: ${change.value >= 0 ? '+' : ''}${number(change)}`,
    ];
  });
  return [head, ...rows].join('\n');
}
