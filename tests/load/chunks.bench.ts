// Which chunks find what a question needs: cuts real documents in several ways and measures each (docs/chunking.md).
//
// npm run bench:chunks -- [--data DIR] [--encoder NAME] [--only SETTING]...
//
// DIR holds docs/ and ord-qa/. Without an encoder words alone are searched, which takes minutes; with one, both. The encoder is
// read from, and its vectors are kept in, the folder that CHIPWRIGHT_DATA names.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { readEvaluationSet } from '../../src/evaluation/data-set.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { openEncoder } from '../../src/retrieval/encoder/onnx-encoder.js';
import {
  type Depth,
  difference,
  type Held,
  held,
  KINDS,
  type Kind,
  type Measure,
  measure,
  type Question,
} from './chunks/coverage.js';
import { type ReadDocument, readDocuments } from './chunks/cut.js';
import { draftQuestions } from './chunks/drafted-questions.js';
import { find } from './chunks/find.js';
import { rememberingEncoder } from './chunks/remembering-encoder.js';
import { PRESENT, SETTINGS } from './chunks/settings.js';

const DEPTHS: readonly (readonly [string, Depth])[] = [
  ['4', { passages: 4 }],
  ['8', { passages: 8 }],
  ['16', { passages: 16 }],
  ['1,000 tokens', { tokens: 1_000 }],
  ['2,000 tokens', { tokens: 2_000 }],
];

interface QuestionSet {
  readonly name: string;
  readonly questions: readonly Question[];
}

/** One setting on one set of questions: depth -> what was held, question by question. */
type Outcome = ReadonlyMap<string, readonly Held[]>;

const { values: options } = parseArgs({
  options: {
    data: { type: 'string', default: '../shared/data' },
    encoder: { type: 'string' },
    only: { type: 'string', multiple: true, default: [] },
  },
});

const say = (line: string) => process.stdout.write(`${line}\n`);
const note = (line: string) => process.stderr.write(`${line}\n`);

async function openRememberingEncoder(name: string): Promise<Encoder> {
  const folder = process.env.CHIPWRIGHT_DATA ?? './data';
  mkdirSync(join(folder, 'bench'), { recursive: true });
  const encoder = await openEncoder(join(folder, 'models', name), { log: pino({ level: 'silent' }) });
  return rememberingEncoder(encoder, join(folder, 'bench', `${name}.sqlite`), (left) =>
    note(`${left} texts to encode`),
  );
}

/** ORD-QA's questions with the texts of its own gold chunks, which were cut by others. */
async function ordQa(folder: string): Promise<QuestionSet> {
  const [corpus = '', queries = '', judgements = ''] = ['corpus', 'queries', 'qrels'].map((name) =>
    join(folder, `${name}.jsonl`),
  );
  const set = await readEvaluationSet({ corpus, queries, judgements });
  const texts = new Map(set.corpus.map(({ id, text }) => [id, text]));
  const questions = set.questions.map(({ text, judged }) => ({
    text,
    golds: [...judged].filter(([, grade]) => grade > 0).map(([id]) => texts.get(id) ?? ''),
  }));
  return { name: 'ORD-QA', questions };
}

async function compare(
  documents: readonly ReadDocument[],
  sets: readonly QuestionSet[],
  encoder: Encoder | null,
) {
  const chosen = SETTINGS.filter(
    ({ name, headings }) =>
      (encoder !== null || headings !== false) &&
      (options.only.length === 0 || options.only.includes(name) || name === PRESENT.name),
  );
  const rows: { name: string; chunks: number; median: number; outcomes: Outcome[] }[] = [];
  for (const setting of chosen) {
    note(setting.name);
    const texts = new Set(sets.flatMap(({ questions }) => questions.map(({ text }) => text)));
    const { passages, chunks, median } = await find(documents, setting, encoder, texts);
    const outcomes = sets.map(
      ({ questions }) =>
        new Map(
          DEPTHS.map(([depthName, depth]) => [
            depthName,
            questions.map((question) => held(question, passages.get(question.text) ?? [], depth)),
          ]),
        ),
    );
    rows.push({ name: setting.name, chunks, median, outcomes });
  }
  for (const [number, { name: setName, questions }] of sets.entries()) {
    for (const kind of KINDS) {
      say(
        `\n${setName}, ${questions.length} questions, ${encoder === null ? 'words' : `both, ${encoder.name}`}: ${kind}\n`,
      );
      say(
        `| Setting | chunks | median tokens |${DEPTHS.map(([name]) => ` ${name} |`).join('')} 2,000 tokens, against the present |`,
      );
      say(`|---|---|---|${DEPTHS.map(() => '---|').join('')}---|`);
      for (const { name, chunks, median, outcomes } of rows) {
        const cells = DEPTHS.map(([depth]) => ` ${brief(measure(partsOf(outcomes[number], depth, kind)))} |`);
        const against = difference(
          partsOf(outcomes[number], '2,000 tokens', kind),
          partsOf(rows[0]?.outcomes[number], '2,000 tokens', kind),
        );
        say(
          `| ${name} | ${chunks} | ${median} |${cells.join('')} ${name === PRESENT.name ? '' : brief(against, true)} |`,
        );
      }
    }
  }
}

function partsOf(outcome: Outcome | undefined, depth: string, kind: Kind) {
  return (outcome?.get(depth) ?? []).map((question) => question[kind]);
}

function brief({ value, low, high }: Measure, signed = false): string {
  const figure = (part: number) =>
    `${part < 0 ? '-' : signed ? '+' : ''}${Math.abs(part).toFixed(3).replace(/^0/, '')}`;
  return `${figure(value)} [${figure(low)}, ${figure(high)}]`;
}

const docs = (names: readonly string[]) =>
  readDocuments(names.map((name) => join(options.data, 'docs', name)));
const encoder = options.encoder === undefined ? null : await openRememberingEncoder(options.encoder);
await compare(
  await docs(['openroad', 'openroad-flow-scripts', 'opensta']),
  [await ordQa(join(options.data, 'ord-qa'))],
  encoder,
);
const others = await docs(['yosys', 'verilator', 'openlane']);
await compare(
  others,
  [
    { name: 'Drafted, whole section', questions: draftQuestions(others, 300, 'section') },
    { name: 'Drafted, one paragraph', questions: draftQuestions(others, 300, 'paragraph') },
  ],
  encoder,
);
await encoder?.close();
