// How people write down a way of searching that is to be measured.
import { ChipwrightError } from '../errors.js';
import type { Configuration } from '../evaluation/configuration.js';
import { PARTS } from '../evaluation/configuration.js';
import { nearestName } from '../nearest-name.js';
import type { RetrieverPart } from '../retrieval/hybrid-retriever.js';
import { RETRIEVAL_MODES } from '../retrieval/retriever.js';

const WITHOUT = 'without=';

/** `clauses,pairs` -> the parts. Throws `usage_invalid`, suggesting the nearest name. */
export function readParts(option: string, text: string): Set<RetrieverPart> {
  const names = text.split(/[\s,]+/).filter((name) => name !== '');
  return new Set(
    names.map((name) => {
      if (isPart(name)) return name;
      throw unknown(option, name, Object.keys(PARTS), `Give some of ${Object.keys(PARTS).join(',')}.`);
    }),
  );
}

/** The name, if there is a model of it. Throws `usage_invalid`, suggesting the nearest name. */
export function readModel(option: string, name: string, models: readonly string[]): string {
  if (models.includes(name)) return name;
  throw unknown(option, name, models, `Give one of ${models.join(', ')}.`);
}

/**
 * Reads what to compare with: a mode, a model's name and `without=PART,...`, any of them, in any order. What is not named stays as it
 * is in `ours`. Throws `usage_invalid`, suggesting the nearest name.
 */
export function readAgainst(
  option: string,
  text: readonly string[],
  ours: Configuration,
  models: readonly string[],
): Configuration {
  let { model, mode, without } = ours;
  for (const word of text.flatMap((each) => each.split(/\s+/)).filter((each) => each !== '')) {
    const asMode = RETRIEVAL_MODES.find((each) => each === word);
    if (asMode !== undefined) mode = asMode;
    else if (word.startsWith(WITHOUT)) without = readParts(option, word.slice(WITHOUT.length));
    else if (models.includes(word)) model = word;
    else {
      const modes = RETRIEVAL_MODES.join(', ');
      throw unknown(
        option,
        word,
        [...RETRIEVAL_MODES, ...models],
        `Give a mode (${modes}), a model (${models.join(', ')}), or ${WITHOUT}PART,... with some of ${Object.keys(PARTS).join(',')}.`,
      );
    }
  }
  return { model, mode, without };
}

function isPart(name: string): name is RetrieverPart {
  return Object.hasOwn(PARTS, name);
}

function unknown(option: string, given: string, known: readonly string[], cure: string): ChipwrightError {
  const nearest = nearestName(given, known);
  const guess = nearest === undefined ? '' : ` Did you mean ${nearest}?`;
  return new ChipwrightError('usage_invalid', `${option} knows no ${JSON.stringify(given)}.${guess}`, {
    cure,
  });
}
