// From a message to one answer or one notice in its thread.
import type { Logger } from 'pino';
import type { Answer, Notice } from '../conversation/answer.js';
import type { IncomingMessage, Turn } from '../conversation/message.js';
import type { Delivery, Reply } from '../conversation/reply.js';
import { toChipwrightError } from '../errors.js';
import { emptyNotice, failureNotice, givenUpNotice, lateNotice } from './notices.js';
import type { Orchestrator } from './orchestrator.js';
import type { AnswerEvent, Trace } from './skill.js';

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
  /** Waits before the same is sent again, as long as the platform asks (`askedMs`). False when it should not be sent any more. */
  readonly rest: (askedMs?: number) => Promise<boolean>;
  readonly reply: Reply;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly newId: () => string;
}

type Composed = Extract<AnswerEvent, { type: 'answer' }>;

/** What the asker got. */
export type Response =
  | { readonly kind: 'answer'; readonly answer: Answer; readonly trace: Trace; readonly delivery: Delivery }
  | { readonly kind: 'notice'; readonly notice: Notice; readonly delivery: Delivery };

/**
 * Answers `message` through `reply`: exactly one answer, or one notice whose reference leads to the cause in the log.
 * What the platform does not take now but may take later is kept and sent again. Rejects with a ChipwrightError when the platform would
 * take neither, and with the reason of `signal` when that aborts first: the message is then answered another time.
 */
export async function respond(asked: Responding): Promise<Response> {
  const { history, answers, message, apology, rest, reply, signal, newId } = asked;
  const log = asked.log.child({ message: message.id });
  const deliver = async (send: () => Promise<Delivery>): Promise<Delivery> => {
    for (let tries = 1; ; tries += 1) {
      try {
        return await send();
      } catch (thrown) {
        const { code, retryable, retryAfterMs } = toChipwrightError(thrown);
        if (retryable && tries === 1) log.warn({ code }, 'what is ready waits until its platform takes it');
        if (!retryable || !(await rest(retryAfterMs))) throw signal.aborted ? signal.reason : thrown;
      }
    }
  };
  const fail = async (notice: Notice): Promise<Response> => ({
    kind: 'notice',
    notice,
    delivery: await deliver(() => reply.fail(notice)),
  });
  const failBecauseOf = (thrown: unknown): Promise<Response> => {
    if (signal.aborted) {
      log.warn('stopped before the answer was finished');
      throw signal.reason;
    }
    const reference = newId();
    const error = toChipwrightError(thrown);
    log.error({ reference, code: error.code, err: error }, 'a question could not be answered');
    return fail(failureNotice(error, reference));
  };
  if (apology !== undefined) {
    const reference = newId();
    log.warn({ reference, apology }, 'an apology instead of an answer');
    return fail(apology === 'late' ? lateNotice(reference) : givenUpNotice(reference));
  }
  if (message.text.trim() === '') return fail(emptyNotice(message.attachments, newId()));
  let ready: Composed;
  try {
    ready = await compose(asked, log);
  } catch (thrown) {
    return failBecauseOf(thrown);
  }
  const { answer, trace } = ready;
  let delivery: Delivery;
  try {
    delivery = await deliver(() => reply.finish(answer));
  } catch (thrown) {
    // What the platform may still take is no reason to apologise.
    if (toChipwrightError(thrown).retryable) throw thrown;
    return failBecauseOf(thrown);
  }
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

/** The answer, its way there shown as it goes. */
async function compose(
  { orchestrator, history, message, reply, signal }: Responding,
  log: Logger,
): Promise<Composed> {
  for await (const event of orchestrator.answer(message, {
    history: await history.turnsBefore(message),
    signal,
  })) {
    if (event.type === 'answer') return event;
    if (event.type === 'status') reply.status(event.stage);
    else {
      // Not awaited: the platform shows drafts at its own pace, and writing does not wait for it.
      reply.stream(event.markdown).catch((thrown) => log.warn({ err: thrown }, 'a draft could not be shown'));
    }
  }
  throw new Error('the skill ended without an answer');
}
