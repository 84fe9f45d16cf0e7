// Reads an evaluation set: passages, questions, and which passage answers which question, as JSON lines.
import { createReadStream } from 'node:fs';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import { ChipwrightError } from '../errors.js';
import type { Judgements } from './metrics.js';

const corpusLine = z.object({ id: z.string(), title: z.string().default(''), text: z.string() });
const queryLine = z.object({ id: z.string(), text: z.string(), type: z.string().optional() });
const judgementLine = z.object({ query_id: z.string(), doc_id: z.string(), relevance: z.number() });

export type CorpusEntry = z.infer<typeof corpusLine>;

export interface EvaluationSet {
  readonly corpus: readonly CorpusEntry[];
  /** Only questions that have a relevant passage; the others cannot be scored. */
  readonly questions: readonly Question[];
}

export interface Question {
  readonly id: string;
  readonly text: string;
  /** What kind of question its author calls it. */
  readonly type?: string;
  readonly judged: Judgements;
}

/** Throws `usage_invalid` naming the file, the line and what is wrong with it. */
export async function readEvaluationSet(files: {
  readonly corpus: string;
  readonly queries: string;
  readonly judgements: string;
}): Promise<EvaluationSet> {
  const corpus = await readLines(files.corpus, corpusLine);
  const queries = await readLines(files.queries, queryLine);
  const judgements = await readLines(files.judgements, judgementLine);
  const known = new Set(corpus.map(({ id }) => id));
  const judged = new Map<string, Map<string, number>>();
  for (const { query_id, doc_id, relevance } of judgements) {
    if (!known.has(doc_id)) {
      throw new ChipwrightError(
        'usage_invalid',
        `${files.judgements} names passage ${doc_id}, which ${files.corpus} lacks.`,
        {
          cure: 'Give the corpus that these judgements were made on.',
        },
      );
    }
    const grades = judged.get(query_id) ?? new Map<string, number>();
    judged.set(query_id, grades.set(doc_id, relevance));
  }
  const questions = queries.flatMap(({ id, text, type }) => {
    const grades = judged.get(id);
    return grades !== undefined && [...grades.values()].some((grade) => grade > 0)
      ? [{ id, text, ...(type === undefined ? {} : { type }), judged: grades }]
      : [];
  });
  if (questions.length === 0) {
    throw new ChipwrightError('usage_invalid', `No question of ${files.queries} has a relevant passage.`, {
      cure: 'Check that query_id in the judgements matches id in the questions.',
    });
  }
  return { corpus, questions };
}

async function readLines<T>(file: string, schema: z.ZodType<T>): Promise<T[]> {
  const entries: T[] = [];
  let number = 0;
  try {
    for await (const line of createInterface({
      input: createReadStream(file, 'utf8'),
      crlfDelay: Infinity,
    })) {
      number++;
      if (line.trim() !== '') entries.push(schema.parse(JSON.parse(line)));
    }
  } catch (cause) {
    const reason =
      cause instanceof z.ZodError
        ? `line ${number}: ${cause.issues[0]?.path.join('.')}: ${cause.issues[0]?.message}`
        : cause instanceof SyntaxError
          ? `line ${number} is not JSON`
          : 'the file cannot be read';
    throw new ChipwrightError('usage_invalid', `${file}: ${reason}.`, {
      cure: 'Give one JSON object a line: id, title, text; id, text; or query_id, doc_id, relevance.',
      cause,
    });
  }
  return entries;
}
