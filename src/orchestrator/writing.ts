// Has a language model write, and shows what is written as far as it will not change any more.
import { type ChipwrightError, toChipwrightError } from '../errors.js';
import type { Ending, LanguageModel, NumberedPassage, Prompt } from '../language-model/language-model.js';
import { type SafeMarkdown, sanitise } from '../safety/sanitise.js';
import { type CheckedText, checkCitations } from './citations.js';
import { settled } from './settled.js';
import type { AnswerEvent } from './skill.js';
import { unlessAborted } from './unless-aborted.js';

export interface Written {
  readonly checked: CheckedText;
  /** The model reached a limit of length. */
  readonly cut: boolean;
  readonly usage?: Ending['usage'];
  /** When the first text came, as `now` tells it. */
  readonly firstAt?: number;
  /** What ended the writing early; what was written until then is in `checked`. */
  readonly error?: ChipwrightError;
}

/** How much longer a draft must be than the one before. */
const GROWTH = 1.1;

/**
 * Yields drafts, each beginning with the one before, and returns the whole. Nothing is shown before the first statement
 * that a passage backs: until then it may still turn out that there is no answer. Rejects only when somebody stops it; when the time
 * is over, what was written until then is the whole.
 */
export async function* write(
  model: LanguageModel,
  prompt: Prompt,
  { signal, now }: { readonly signal: AbortSignal; readonly now: () => number },
): AsyncGenerator<AnswerEvent, Written> {
  let text = '';
  let ending: Ending | undefined;
  let error: ChipwrightError | undefined;
  let firstAt: number | undefined;
  let shown = '';
  let tried = 0;
  const pieces = model.stream(prompt, signal)[Symbol.asyncIterator]();
  try {
    for (;;) {
      const { value, done } = await unlessAborted(pieces.next(), signal);
      if (done === true) break;
      if (typeof value !== 'string') {
        ending = value;
        continue;
      }
      firstAt ??= now();
      text += value;
      const end = settled(text);
      // Each draft is checked from its beginning; growing by a share keeps the work of all of them in proportion.
      if (end <= tried * GROWTH) continue;
      tried = end;
      const draft = check(text.slice(0, end), prompt.passages);
      if (draft.backed === 0 || draft.safe.length <= shown.length || !draft.safe.startsWith(shown)) continue;
      shown = draft.safe;
      yield { type: 'draft', markdown: draft.safe };
    }
  } catch (thrown) {
    error = toChipwrightError(thrown);
    if (signal.aborted && error.code !== 'timeout') throw error;
  } finally {
    // Not awaited: a model that does not listen may never come back.
    void pieces.return?.().catch(() => {});
  }
  const cut = ending?.finish === 'cut';
  // Half a sentence or half a command is worse than none.
  const whole = error === undefined && !cut ? text : text.slice(0, settled(text) || text.length);
  const checked = check(whole, prompt.passages);
  return {
    checked: { ...checked, text: checked.safe },
    cut,
    ...(ending?.usage === undefined ? {} : { usage: ending.usage }),
    ...(firstAt === undefined ? {} : { firstAt }),
    ...(error === undefined ? {} : { error }),
  };
}

/** Sanitised before the check, so that it reads what readers will, and after, since a marker taken out can join two halves. */
function check(
  text: string,
  passages: readonly NumberedPassage[],
): CheckedText & { readonly safe: SafeMarkdown } {
  const checked = checkCitations(sanitise(text), passages);
  return { ...checked, safe: sanitise(checked.text) };
}
