// The language model of a machine without one: quotes the lines of the passages that answer the question, word for word.
import { ChipwrightError } from '../errors.js';
import { readQuestion } from './extractive/question.js';
import { quote } from './extractive/quotation.js';
import { type Ranking, rank } from './extractive/ranking.js';
import { render } from './extractive/rendering.js';
import { select } from './extractive/selection.js';
import { sectionsOf, type Unit } from './extractive/units.js';
import type { LanguageModel } from './language-model.js';

/** For each question how near each of `units` is to it, in order: an encoder's cosines. */
export type Similarity = (questions: readonly string[], units: readonly string[]) => Promise<number[][]>;

/** Encoding takes milliseconds per unit; more than these hardly change the answer. */
const MOST_UNITS_COMPARED = 24;

/**
 * A `LanguageModel` that needs no model. With `similarity`, lines that mean the same in other words count too; when that
 * rejects, words alone decide, as they do without it.
 */
export function extractive({ similarity }: { readonly similarity?: Similarity } = {}): LanguageModel {
  return {
    name: 'extractive',
    quotes: true,
    async *stream({ question: text, history, passages }, signal) {
      stopIfAborted(signal);
      if (text.trim() === '') return;
      const question = readQuestion(text, history);
      const sections = passages.flatMap(sectionsOf);
      let ranking = rank(question, sections);
      if (similarity !== undefined) {
        const units = nearest(ranking);
        const scores = await similarity(
          question.needs.map((need) => need.text),
          units.map((unit) => unit.text),
        ).catch(() => []);
        ranking = rank(
          question,
          sections,
          scores.map((ofNeed) => nearness(units, ofNeed)),
        );
      }
      let separator = '';
      for (const block of render(quote(select(ranking), question, ranking.carried))) {
        stopIfAborted(signal);
        yield separator + block;
        separator = '\n\n';
      }
    },
  };
}

/** Spread over 0 to 1: an encoder's cosines may all lie close together, and only their order and distances tell. */
function nearness(units: readonly Unit[], scores: readonly number[]): Map<Unit, number> {
  const lowest = Math.min(...scores);
  const range = Math.max(...scores) - lowest;
  return new Map(units.map((unit, at) => [unit, range > 0 ? ((scores[at] ?? lowest) - lowest) / range : 0]));
}

/** The units that words alone put first. */
function nearest({ sections }: Ranking): Unit[] {
  return sections
    .flatMap(({ units, scores }) =>
      units.map(({ unit, own }) => ({
        unit,
        score: Math.max(...own.map((share, at) => share + (scores[at] ?? 0))),
      })),
    )
    .filter(({ unit }) => unit.kind !== 'code')
    .sort((a, b) => b.score - a.score)
    .slice(0, MOST_UNITS_COMPARED)
    .map(({ unit }) => unit);
}

function stopIfAborted(signal: AbortSignal): void {
  if (!signal.aborted) return;
  throw new ChipwrightError('timeout', 'The answer was stopped before it was complete.', {
    cure: 'Ask again.',
    retryable: true,
    cause: signal.reason,
  });
}
