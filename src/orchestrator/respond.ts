// From a message to one answer or one notice in its thread.
import type { Logger } from 'pino';
import type { Answer, Notice } from '../conversation/answer.js';
import type { IncomingMessage, Turn } from '../conversation/message.js';
import type { Delivery, Reply } from '../conversation/reply.js';
import { toChipwrightError } from '../errors.js';
import { emptyNotice, failureNotice, givenUpNotice, lateNotice } from './notices.js';
import type { Orchestrator } from './orchestrator.js';
import type { Trace } from './skill.js';

/** Where earlier exchanges of a thread are kept. Neither method rejects. */
export interface ThreadMemory {
  /** Oldest first. */
  turnsBefore(message: IncomingMessage): Promise<readonly Turn[]>;
  add(message: IncomingMessage, turn: Turn): Promise<void>;
}

/** Where answers are kept that people may rate. Does not reject. */
export interface AnswerMemory {
  remember(message: IncomingMessage, answer: Answer, delivery: Delivery): Promise<void>;
}

export interface Responding {
  readonly orchestrator: Orchestrator;
  readonly history: ThreadMemory;
  readonly answers: AnswerMemory;
  readonly message: IncomingMessage;
  /** Say this instead of an answer. */
  readonly apology?: 'late' | 'failed';
  readonly reply: Reply;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly newId: () => string;
}

/** What the asker got. */
export type Response =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly trace: Trace; readonly delivery: Delivery }
  | { readonly kind: 'notice'; readonly notice: Notice; readonly delivery: Delivery };

/**
 * Answers `message` through `reply`: exactly one answer, or one notice whose reference leads to the cause in the log.
 * Rejects with a ChipwrightError when the platform would take neither, and with the reason of `signal` when that aborts
 * first: the message is then answered another time.
 */
export async function respond(asked: Responding): Promise<Response> {
  const { orchestrator, history, answers, message, apology, reply, signal, newId } = asked;
  const log = asked.log.child({ message: message.id });
  const fail = async (notice: Notice): Promise<Response> => ({
    kind: 'notice',
    notice,
    delivery: await reply.fail(notice),
  });
  if (apology !== undefined) {
    const reference = newId();
    log.warn({ reference, apology }, 'an apology instead of an answer');
    return fail(apology === 'late' ? lateNotice(reference) : givenUpNotice(reference));
  }
  if (message.text.trim() === '') return fail(emptyNotice(message.attachments, newId()));
  try {
    for await (const event of orchestrator.answer(message, {
      history: await history.turnsBefore(message),
      signal,
    })) {
      if (event.type === 'status') reply.status(event.stage);
      else if (event.type === 'draft') {
        // Not awaited: the platform shows drafts at its own pace, and writing does not wait for it.
        reply
          .stream(event.markdown)
          .catch((thrown) => log.warn({ err: thrown }, 'a draft could not be shown'));
      } else {
        const { answer, trace } = event;
        const delivery = await reply.finish(answer);
        await answers.remember(message, answer, delivery);
        if (answer.grounding !== 'refused')
          await history.add(message, { question: message.text, answer: answer.markdown });
        log.info(
          {
            answer: answer.id,
            grounding: answer.grounding,
            model: answer.model,
            mode: trace.mode,
            ...trace.timings,
          },
          'answered',
        );
        return { kind: 'answer', answer, trace, delivery };
      }
    }
    throw new Error('the skill ended without an answer');
  } catch (thrown) {
    if (signal.aborted) {
      log.warn('stopped before the answer was finished');
      throw signal.reason;
    }
    const reference = newId();
    const error = toChipwrightError(thrown);
    log.error({ reference, code: error.code, err: error }, 'a question could not be answered');
    return fail(failureNotice(error, reference));
  }
}
