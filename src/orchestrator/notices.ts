// All that the bot says about itself: the cause, then the next step.
import type { Notice } from '../conversation/answer.js';
import type { Limit } from '../conversation/inbox.js';
import type { ChipwrightError, ErrorCode } from '../errors.js';

/** Said as the text of an answer when nothing was found or the passages do not hold it. */
export const NOT_FOUND =
  'The documents do not seem to hold an answer to this. ' +
  'Try the exact name of a command, an option or an error message, or ask someone who knows the subject.';

export const NO_MODEL = 'No language model is configured: these are quotes from the documents.';
export const CUT_SHORT = 'The answer reached the length limit and is not complete.';
export const BROKE_OFF = 'The language model stopped in the middle: this answer is not complete.';

/** Why quotes stand where a written answer was expected. */
export function quotesInstead(code: ErrorCode): string {
  switch (code) {
    case 'timeout':
      return 'The language model did not answer in time; these are quotes from the documents.';
    case 'language_model_refused':
      return 'The language model declined to answer; these are quotes from the documents.';
    default:
      return 'The language model is not available; these are quotes from the documents.';
  }
}

/** How many statements have no passage behind them. */
export function unbacked(count: number, claims: number): string {
  return count === claims
    ? 'None of the statements could be checked against the documents.'
    : `${count} of ${claims} statements could not be checked against the documents.`;
}

/** Attachments are not read; whoever sent one is told. */
export function attachmentsNotRead(names: readonly string[]): string {
  const what = names.length === 1 ? 'The attached file was' : `The ${names.length} attached files were`;
  return `${what} not read: paste the lines in question as text.`;
}

export function emptyQuestion(attachments: readonly string[]): string {
  return attachments.length > 0
    ? 'I cannot read attached files. Paste the lines in question as text, with your question.'
    : 'I did not get a question. Ask one in the same message, for example: "How do I report hold violations?"';
}

export function emptyNotice(attachments: readonly string[], reference: string): Notice {
  return { kind: 'empty', text: emptyQuestion(attachments), reference };
}

export function busyNotice(reference: string): Notice {
  return { kind: 'busy', text: 'Too many questions are waiting. Please ask again in a minute.', reference };
}

/** A question that was not taken because its person or workspace asked too much. */
export function limitedNotice(limit: Limit, most: number, reference: string): Notice {
  return { kind: 'busy', text: `${beyond(limit, most)} I did not take this question.`, reference };
}

function beyond(limit: Limit, most: number): string {
  switch (limit) {
    case 'waitingPerPerson':
      return `You have ${questions(most)} waiting, as many as I hold for one person. Please ask again when some are answered.`;
    case 'perMinutePerPerson':
      return `You have asked ${questions(most)} within a minute, as many as I take from one person. Please ask again in a minute.`;
    case 'perMinutePerWorkspace':
      return `Your workspace has asked ${questions(most)} within a minute, as many as I take. Please ask again in a minute.`;
  }
}

function questions(count: number): string {
  return count === 1 ? '1 question' : `${count} questions`;
}

export function stoppingNotice(reference: string): Notice {
  return {
    kind: 'stopping',
    text: 'I am being restarted and could not finish this answer. Please ask again in a minute.',
    reference,
  };
}

/** Instead of an answer that would come too late to be of use. */
export function lateNotice(reference: string): Notice {
  return {
    kind: 'busy',
    text: 'I could not answer this within ten minutes, because I was not running, was cut off from this chat, or had too much to do. Please ask again if you still want to know.',
    reference,
  };
}

/** Instead of another try, after several that failed. */
export function givenUpNotice(reference: string): Notice {
  return {
    kind: 'error',
    text: `I tried to answer this several times, and each time something failed. Please ask in other words; if it happens again, report the reference ${reference}.`,
    reference,
  };
}

/** The notice for a failure. Names the reference, never the cause: that is in the log. */
export function failureNotice(error: ChipwrightError, reference: string): Notice {
  switch (error.code) {
    case 'overloaded':
      return busyNotice(reference);
    case 'draining':
      return stoppingNotice(reference);
    case 'timeout':
      return {
        kind: 'error',
        text: `I could not answer this in time. Please ask again in a minute; if it happens again, report the reference ${reference}.`,
        reference,
      };
    case 'index_unavailable':
    case 'index_refused':
    case 'index_mismatch':
    case 'encoder_unavailable':
    case 'model_missing':
    case 'model_corrupt':
      return {
        kind: 'degraded',
        text: `Search in the documents is not working at the moment. Please try again later; whoever runs me finds the cause under ${reference}.`,
        reference,
      };
    default:
      return {
        kind: 'error',
        text: `Something went wrong while I was answering. Please try again; if it happens again, report the reference ${reference}.`,
        reference,
      };
  }
}
