// Which chunks find what a question needs: cuts real documents in several ways and measures each (docs/chunking.md).
//
// npm run bench:chunks -- [--data DIR] [--encoder NAME] [--only SETTING]...
//
// DIR holds docs/ and ord-qa/. The base setting is always measured, and every other one compared with it. Without an encoder words alone are searched, which takes minutes; with one, both. The encoder is
// read from, and its vectors are kept in, the folder that CHIPWRIGHT_DATA names.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import pino from 'pino';
import { readEvaluationSet } from '../../src/evaluation/data-set.js';
import type { Encoder } from '../../src/retrieval/encoder/encoder.js';
import { openEncoder } from '../../src/retrieval/encoder/onnx-encoder.js';
import { type ReadDocument, readDocuments } from './chunks/cut.js';
import { draftQuestions } from './chunks/drafted-questions.js';
import { find } from './chunks/find.js';
import { rememberingEncoder } from './chunks/remembering-encoder.js';
import { outcomeOf, type QuestionSet, type Row, tables } from './chunks/report.js';
import { BASE, SETTINGS, type Setting } from './chunks/settings.js';

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
  folders: readonly string[],
  setsOf: (documents: readonly ReadDocument[]) => readonly QuestionSet[],
) {
  const documents = await readDocuments(folders.map((name) => join(options.data, 'docs', name)));
  const sets = setsOf(documents);
  const texts = new Set(sets.flatMap(({ questions }) => questions.map(({ text }) => text)));
  const rows: Row[] = [];
  for (const setting of SETTINGS.filter(isWanted)) {
    note(setting.name);
    const { passages, chunks, median } = await find(documents, setting, encoder, texts);
    const outcomes = sets.map(({ questions }) => outcomeOf(questions, passages));
    rows.push({ name: setting.name, chunks, median, outcomes });
  }
  const how = encoder === null ? 'by words' : `by words and by ${encoder.name}`;
  for (const [number, set] of sets.entries()) say(tables(set, how, rows, number));
}

function isWanted(setting: Setting): boolean {
  if (encoder === null && setting.headings === false) return false;
  return options.only.length === 0 || setting === BASE || options.only.includes(setting.name);
}

const encoder = options.encoder === undefined ? null : await openRememberingEncoder(options.encoder);
const ordQaSet = await ordQa(join(options.data, 'ord-qa'));
await compare(['openroad', 'openroad-flow-scripts', 'opensta'], () => [ordQaSet]);
await compare(['yosys', 'verilator', 'openlane'], (documents) => [
  { name: 'Drafted, whole section', questions: draftQuestions(documents, 300, 'section') },
  { name: 'Drafted, one paragraph', questions: draftQuestions(documents, 300, 'paragraph') },
]);
await encoder?.close();
