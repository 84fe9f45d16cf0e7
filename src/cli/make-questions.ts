// `chipwright eval make-questions`: drafts test questions from the indexed documents; a person accepts, edits or drops each.
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { ChipwrightError } from '../errors.js';
import type { Library } from '../library.js';
import { placeLabel } from '../retrieval/passage.js';
import { type Corpus, headingsOf, readCorpus } from '../training/corpus.js';
import { draftQuestions } from '../training/draft-questions.js';
import { QuestionReview, type ReviewedDraft } from '../training/question-review.js';
import { openSession, requireDocuments, withLibrary } from './session.js';
import { type Shell, say, warn, wholeNumber } from './shell.js';

interface Options {
  count: string;
  source?: string[];
  out: string;
  seed: string;
  yes: boolean;
}

/** Lines of a passage that are shown: enough to judge by, and the question stays on the screen. */
const SHOWN_LINES = 14;

/** Adds the command to `chipwright eval`. */
export function addMakeQuestions(evaluation: Command, shell: Shell): void {
  evaluation
    .command('make-questions')
    .description('Draft test questions from the indexed documents, to accept, edit or drop one by one.')
    .option('--count <n>', 'how many drafts', '60')
    .option('--source <names...>', 'only from these sources')
    .option('--out <folder>', 'where the test set goes', 'test-questions')
    .option('--seed <n>', 'another seed, other drafts', '1')
    .option('--yes', 'accept all drafts unseen', false)
    .addHelpText('after', '\nExample:\n  chipwright eval make-questions --count 60 --out test-questions')
    .action((options: Options) => makeQuestions(shell, options));
}

async function makeQuestions(shell: Shell, options: Options): Promise<void> {
  const count = wholeNumber('--count', options.count, 1, 10_000);
  const seed = wholeNumber('--seed', options.seed, 0, 4_294_967_295);
  const session = await openSession(shell);
  const corpus = await withLibrary(shell, session, { pull: false }, (library) => readAll(shell, library));
  const asked = ofSources(corpus, options.source);
  const folder = resolve(shell.folder, options.out);
  const review = await QuestionReview.open(folder, new Set(corpus.chunks.map(({ id }) => id)));
  const missing = count - review.drafts.length;
  if (missing > 0) {
    review.add(draftQuestions(asked, { count: missing, seed, used: review.used, signal: shell.signal }));
    await review.save();
  }
  if (review.drafts.length === 0) {
    throw new ChipwrightError('usage_invalid', 'No question could be drafted from these documents.', {
      cure: 'Index more documents in English prose; tables of numbers and code alone give no questions.',
    });
  }
  if (review.drafts.length < count)
    warn(shell, `The documents give ${review.drafts.length} drafts, not ${count}.`);
  if (options.yes) for (const draft of review.open) draft.decision = 'kept';
  else await decideAll(shell, review, corpus);
  await review.save();
  await conclude(shell, review, corpus);
}

async function readAll(shell: Shell, library: Library): Promise<Corpus> {
  await requireDocuments(library);
  return readCorpus(library.index, { signal: shell.signal });
}

/** Throws `usage_invalid` for a source that the index does not hold. */
function ofSources(corpus: Corpus, names: readonly string[] | undefined): Corpus {
  if (names === undefined) return corpus;
  const held = new Set(corpus.chunks.map(({ document }) => document.source));
  const unknown = names.find((name) => !held.has(name));
  if (unknown !== undefined) {
    throw new ChipwrightError('usage_invalid', `There is no source named ${unknown} in the index.`, {
      cure: `Give some of ${[...held].sort().join(', ')}.`,
    });
  }
  return {
    ...corpus,
    chunks: corpus.chunks.filter(({ document }) => names.includes(document.source)),
    vectors: null,
  };
}

const KEYS = '[a]ccept  [e]dit  [d]rop  [q]uit, and go on later: ';

/** Until all are decided, the person quits, or the input ends. */
async function decideAll(shell: Shell, review: QuestionReview, corpus: Corpus): Promise<void> {
  // Not as a terminal: Ctrl-C must reach the process, and a script may answer.
  const lines = createInterface({ input: shell.stdin, terminal: false, signal: shell.signal });
  const reader = lines[Symbol.asyncIterator]();
  const read = async (prompt: string): Promise<string | undefined> => {
    shell.stdout.write(prompt);
    const { value, done } = await reader.next();
    return done === true ? undefined : value.trim();
  };
  try {
    for (const draft of review.open) {
      show(shell, review, draft, corpus);
      for (;;) {
        const answer = await read(KEYS);
        if (answer === undefined || answer === 'q') return;
        if (answer === 'a') draft.decision = 'kept';
        else if (answer === 'd') draft.decision = 'dropped';
        else if (answer === 'e') {
          const wording = await read('In your own words: ');
          if (wording === undefined) return;
          if (wording === '') continue;
          draft.question = wording;
          draft.decision = 'kept';
        } else continue;
        break;
      }
      await review.save();
    }
  } finally {
    lines.close();
  }
}

function show(shell: Shell, review: QuestionReview, draft: ReviewedDraft, corpus: Corpus): void {
  const at = review.drafts.indexOf(draft) + 1;
  say(shell, `\n${at} of ${review.drafts.length}, ${review.kept.length} accepted\n\n  ${draft.question}\n`);
  // Copies of a passage in other documents need not be read again.
  const texts = new Set<string>();
  for (const id of draft.relevant) {
    const chunk = corpus.chunks.find((one) => one.id === id);
    if (chunk === undefined || texts.has(chunk.text)) continue;
    texts.add(chunk.text);
    const lines = chunk.text.split('\n');
    const more = lines.length > SHOWN_LINES ? [`... ${lines.length - SHOWN_LINES} more lines`] : [];
    say(
      shell,
      [
        `  ${headingsOf(chunk)}`,
        `  ${chunk.href ?? placeLabel(chunk.document, chunk.place)}`,
        ...[...lines.slice(0, SHOWN_LINES), ...more].map((line) => `  | ${line}`),
        '',
      ].join('\n'),
    );
  }
}

async function conclude(shell: Shell, review: QuestionReview, corpus: Corpus): Promise<void> {
  const { kept, open } = review;
  const rest = open.length === 0 ? '' : ` ${open.length} are left; run the same command to go on.`;
  if (kept.length === 0) {
    say(shell, `\nNo question is accepted yet.${rest}`);
    return;
  }
  const { corpus: passages, queries, qrels } = await review.writeTestSet(corpus);
  say(
    shell,
    `\n${kept.length} ${kept.length === 1 ? 'question' : 'questions'} accepted.${rest}\nMeasure with:\n` +
      `  chipwright eval retrieval --corpus ${passages} --queries ${queries} --qrels ${qrels}`,
  );
}
