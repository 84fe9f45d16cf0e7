// A test set in the making: drafts and what a person decided about each, kept on disk after every decision.
import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { ChipwrightError } from '../errors.js';
import { type Corpus, headingsOf } from './corpus.js';
import type { QuestionDraft } from './draft-questions.js';

const reviewedDraft = z.object({
  question: z.string(),
  kind: z.string(),
  relevant: z.array(z.string()).min(1),
  /** Absent: not looked at yet. */
  decision: z.enum(['kept', 'dropped']).optional(),
});

export type ReviewedDraft = z.infer<typeof reviewedDraft>;

const FILE = 'drafts.json';

/** Document text of every audience stands in it: nobody else's to read. */
const OWN_EYES = { folder: 0o700, file: 0o600 } as const;

/** The files of `folder` that `chipwright eval retrieval` reads. */
export interface TestSetFiles {
  readonly corpus: string;
  readonly queries: string;
  readonly qrels: string;
}

export class QuestionReview {
  readonly drafts: ReviewedDraft[];
  readonly #folder: string;

  private constructor(folder: string, drafts: ReviewedDraft[]) {
    this.#folder = folder;
    this.drafts = drafts;
  }

  /** Takes up an earlier review of this folder, or begins one. Drafts whose passages are gone from the index are left out. */
  static async open(folder: string, known: ReadonlySet<string>): Promise<QuestionReview> {
    try {
      await mkdir(folder, { recursive: true, mode: OWN_EYES.folder });
      const text = await readFile(join(folder, FILE), 'utf8').catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT') return '[]';
        throw error;
      });
      const drafts = z.array(reviewedDraft).parse(JSON.parse(text));
      return new QuestionReview(
        folder,
        drafts.filter(({ relevant }) => relevant.every((id) => known.has(id))),
      );
    } catch (cause) {
      throw new ChipwrightError(
        'usage_invalid',
        `${join(folder, FILE)} cannot be read as drafts of questions.`,
        {
          cure: 'Give `--out` another folder, or delete the file to begin anew.',
          cause: cause instanceof SyntaxError ? undefined : cause,
        },
      );
    }
  }

  get open(): ReviewedDraft[] {
    return this.drafts.filter(({ decision }) => decision === undefined);
  }

  get kept(): ReviewedDraft[] {
    return this.drafts.filter(({ decision }) => decision === 'kept');
  }

  /** Chunks that were asked about already. */
  get used(): Set<string> {
    return new Set(this.drafts.flatMap(({ relevant }) => relevant));
  }

  add(drafts: readonly QuestionDraft[]): void {
    this.drafts.push(
      ...drafts.map(({ question, kind, relevant }) => ({ question, kind, relevant: [...relevant] })),
    );
  }

  /** Keeps what was decided; moved into place whole, so that a kill loses at most the last decision. */
  async save(): Promise<void> {
    await this.#write(FILE, `${JSON.stringify(this.drafts, null, 1)}\n`);
  }

  /** Writes the kept questions, and the whole corpus as the passages they are searched in. */
  async writeTestSet({ chunks }: Corpus): Promise<TestSetFiles> {
    const lines = (entries: readonly unknown[]) =>
      entries.map((entry) => `${JSON.stringify(entry)}\n`).join('');
    const numbered = this.kept.map((draft, at) => ({ ...draft, id: `q${at + 1}` }));
    return {
      corpus: await this.#write(
        'corpus.jsonl',
        lines(chunks.map((chunk) => ({ id: chunk.id, title: headingsOf(chunk), text: chunk.text }))),
      ),
      queries: await this.#write(
        'queries.jsonl',
        lines(numbered.map(({ id, question, kind }) => ({ id, text: question, type: kind }))),
      ),
      qrels: await this.#write(
        'qrels.jsonl',
        lines(
          numbered.flatMap(({ id, relevant }) =>
            relevant.map((doc_id) => ({ query_id: id, doc_id, relevance: 1 })),
          ),
        ),
      ),
    };
  }

  async #write(name: string, text: string): Promise<string> {
    const file = join(this.#folder, name);
    await writeFile(`${file}.new`, text, { mode: OWN_EYES.file });
    await rename(`${file}.new`, file);
    return file;
  }
}
