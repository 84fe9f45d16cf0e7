// Asks a language model many small things in a row: with bounded patience, never the same thing twice, and not for long when nothing comes back.
import { createHash } from 'node:crypto';
import { ChipwrightError } from '../errors.js';
import type { LanguageModel, Prompt } from '../language-model/language-model.js';
import type { AnswerJournal } from './answer-journal.js';

export interface AskingTools {
  readonly languageModel: LanguageModel;
  readonly signal: AbortSignal;
  /** Waits before a request is tried again, ms. */
  readonly wait: (milliseconds: number, signal: AbortSignal) => Promise<unknown>;
  /** Requests under way at once. */
  readonly parallel?: number;
  /** What was answered before, by this process or one that was killed; such things are not asked again. */
  readonly journal?: AnswerJournal;
}

export type Task = Omit<Prompt, 'history'>;

const PARALLEL = 4;

/** Waits between the tries of one request, ms. */
const WAITS = [1_000, 4_000];

/** So many failures in a row, each after its tries, are no accident: the endpoint is gone. */
const FAILURES_IN_A_ROW = 5;

export class PatientAsker {
  readonly #tools: AskingTools;
  #failuresInARow = 0;
  #asked = 0;
  #problem: ChipwrightError | undefined;

  constructor(tools: AskingTools) {
    this.#tools = tools;
  }

  /** Name of the model. */
  get model(): string {
    return this.#tools.languageModel.name;
  }

  /** Things asked so far, those that the journal answered among them. */
  get asked(): number {
    return this.#asked;
  }

  /** Why nothing is asked any more. */
  get problem(): ChipwrightError | undefined {
    return this.#problem;
  }

  /** The whole answer; undefined when it was refused, was cut short or failed for good. Rejects with the signal's reason alone. */
  async ask(task: Task): Promise<string | undefined> {
    const { journal } = this.#tools;
    const key = createHash('sha256').update(JSON.stringify(task)).digest('hex');
    const known = journal?.get(key);
    if (known === undefined && this.#problem !== undefined) return undefined;
    this.#asked++;
    if (known !== undefined) return known ?? undefined;
    const answer = await this.#try(task);
    if (answer !== undefined) await journal?.add(key, answer);
    return answer ?? undefined;
  }

  /** Null for a refusal and for an answer that was cut short: the same again would end the same. Undefined when nothing came. */
  async #try(task: Task): Promise<string | null | undefined> {
    const { languageModel, signal, wait } = this.#tools;
    for (let tries = 0; ; tries++) {
      signal.throwIfAborted();
      try {
        let text = '';
        let isCut = false;
        for await (const piece of languageModel.stream({ ...task, history: [] }, signal)) {
          if (typeof piece === 'string') text += piece;
          else isCut = piece.finish === 'cut';
        }
        this.#failuresInARow = 0;
        return isCut ? null : text;
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof ChipwrightError)) throw error;
        if (error.code === 'language_model_refused') return null;
        const pause = WAITS[tries];
        // What ran into a limit of time has cost long enough.
        if (error.retryable && error.code !== 'timeout' && pause !== undefined) {
          await wait(Math.max(pause, error.retryAfterMs ?? 0), signal);
          continue;
        }
        if (++this.#failuresInARow >= FAILURES_IN_A_ROW) this.#problem ??= error;
        return undefined;
      }
    }
  }

  /** Results in the order of the items; no more under way at once than the tools say. The first rejection ends it. */
  async inParallel<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
    const { parallel = PARALLEL } = this.#tools;
    const results = new Array<R>(items.length);
    let next = 0;
    const worker = async () => {
      while (next < items.length) {
        const at = next++;
        results[at] = await work(items[at] as T);
      }
    };
    await Promise.all(Array.from({ length: Math.min(parallel, items.length) }, worker));
    return results;
  }
}
